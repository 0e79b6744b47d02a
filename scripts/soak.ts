// npm run test:soak -- --minutes 10: compares the ledger with its reference model on random seeds until the time is over.
import { parseArgs } from 'node:util';
import { run } from 'jest';

const usage = 'npm run test:soak -- --minutes N     for N minutes, 5 by default';

const minutes = readMinutes();
if (minutes === undefined) {
  console.error(usage);
  process.exitCode = 1;
} else {
  process.env['LOYALTY_SOAK_MINUTES'] = String(minutes);
  await run(['--runInBand', 'services/ledger/test/model.test.ts']);
}

function readMinutes(): number | undefined {
  try {
    const { values } = parseArgs({ options: { minutes: { type: 'string', default: '5' } } });
    const value = Number(values.minutes);
    return value > 0 && value <= 10_000 ? value : undefined;
  } catch {
    return undefined;
  }
}
