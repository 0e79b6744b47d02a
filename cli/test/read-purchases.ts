// Imports a generated file into a ledger that credits everything at once, and prints what that took:
//   node read-purchases.ts FILE
// It is a process of its own so that its memory is all of it.
import { createZoneClock } from '@loyalty/rules/zone-clock.ts';
import { importPurchases } from '../src/import/import-purchases.ts';
import { openPurchaseFile } from '../src/import/purchase-file.ts';
import { prepareRejectedFile } from '../src/import/rejected-file.ts';
import { Rejections } from '../src/import/rejections.ts';
import { emptyResult } from '../src/import/result.ts';
import type { Progress } from '../src/progress.ts';
import { createRetries } from '../src/service-calls/retries.ts';

const [, , path = ''] = process.argv;
const progress: Progress = {
  start: () => ({ to: () => undefined, end: () => undefined }),
  notice: () => undefined,
};
const file = await openPurchaseFile(path, { columns: {}, refunds: false, progress });
const result = emptyResult();
const rejections = new Rejections();
await importPurchases({
  file,
  result,
  rejections,
  rejectedFile: prepareRejectedFile(file.table),
  progress,
  retries: createRetries(progress),
  clock: createZoneClock('Europe/Paris'),
  channel: '',
  ledger: {
    earn: async (items) =>
      items.map(() => ({ kind: 'done', points: 1n, replayed: false, doneMs: 0 })),
    refund: async () => [],
    adjust: async () => [],
    close: () => undefined,
  },
});
const { maxRSS } = process.resourceUsage();
console.log(JSON.stringify({ posted: result.posted.lines, rejected: rejections.count, maxRSS }));
