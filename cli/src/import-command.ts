import { isCurrency } from '@loyalty/rules/decimal.ts';
import { createZoneClock, type ZoneClock } from '@loyalty/rules/zone-clock.ts';
import { Command, InvalidArgumentError } from 'commander';
import { describeRoles } from './import/columns.ts';
import type { DecimalSign } from './import/decimal-sign.ts';
import { addFileFlags, type FileFlags, namedColumns } from './import/file-flags.ts';
import { importPurchases } from './import/import-purchases.ts';
import { type ImportSession, withImportSession } from './import/import-session.ts';
import { openLedger } from './import/ledger-client.ts';
import { previewPurchases } from './import/preview.ts';
import { requireActive } from './import/programs-client.ts';
import { purchaseRoles } from './import/purchase-columns.ts';
import {
  describePurchaseFile,
  openPurchaseFile,
  type PurchaseFile,
} from './import/purchase-file.ts';
import { prepareRejectedFile } from './import/rejected-file.ts';
import { Rejections } from './import/rejections.ts';
import { describeResult, emptyResult } from './import/result.ts';
import { readSetting } from './settings.ts';

interface ImportFlags extends FileFlags {
  join?: true;
  currency?: string;
  decimal?: DecimalSign;
  channel?: string;
  refunds?: true;
  dryRun?: true;
}

const help = `
The first line names the columns. These names are known, in any case; a flag names another column:

${describeRoles(purchaseRoles)}

A purchase is credited once, however often it is imported. Its id identifies it; without an id column, its user, time,
amount, currency and quantity do. A quantity makes it one item of that many units. See docs/import.md for more.

Exit codes: 0 when every line is credited, 1 when some aren't, 2 when the import failed.

Examples:
  $ npx loyalty import purchases.csv --program wine-dine --dry-run
  $ npx loyalty import purchases.csv --program wine-dine --join`;

/** `loyalty import`: credits the purchases of a CSV file. */
export function importCommand(): Command {
  const command = new Command('import')
    .description('Credit the purchases of a CSV file, each of them once.')
    .argument('<file>', 'the CSV file')
    .requiredOption('--program <id>', 'the program that credits them')
    .option('--dry-run', 'only show how the file is read and what its first lines would earn')
    .option(
      '--join',
      'make members of users who never joined, in the same commit as their first credit',
    )
    .option('--currency <code>', 'currency of all amounts, such as USD', parseCurrency)
    .option('--decimal <sign>', 'decimal sign of the amounts: point or comma', parseDecimal)
    .option('--refunds', 'treat negative amounts as refunds')
    .option('--channel <name>', 'where the purchases were made, such as store or web');
  return addFileFlags(command, purchaseRoles).addHelpText('after', help).action(runImport);
}

async function runImport(path: string, flags: ImportFlags): Promise<void> {
  const token = readSetting('LOYALTY_SERVICE_TOKEN');
  await withImportSession({ programId: flags.program, token }, async (session) => {
    const { program, programs, progress } = session;
    const clock = flags.timeZone === undefined ? program.clock : createZoneClock(flags.timeZone);
    const file = await openPurchaseFile(path, {
      columns: namedColumns(purchaseRoles, { ...flags }),
      currency: flags.currency,
      separator: flags.separator,
      decimal: flags.decimal,
      refunds: flags.refunds === true,
      progress,
    });
    const { channel = '' } = flags;
    const description = describePurchaseFile(file, clock);
    if (flags.dryRun === true) {
      const { pointsName } = program;
      const preview = await previewPurchases(file, { programs, pointsName, clock, channel });
      console.log(`${description}\n${preview.text}`);
      process.exitCode = preview.rejectedCount === 0 ? 0 : 1;
      return;
    }
    progress.notice(description);
    requireActive(program, flags.program);
    await credit(file, { flags, session, token, clock, channel });
  });
}

async function credit(
  file: PurchaseFile,
  { flags, session, token, clock, channel }: Crediting,
): Promise<void> {
  const ledger = openLedger({
    address: readSetting('LOYALTY_LEDGER_GRPC'),
    credentials: session.credentials,
    token,
    programId: flags.program,
    joinMissing: flags.join === true,
  });
  const rejectedFile = prepareRejectedFile(file.table, flags.rejected);
  const rejections = new Rejections();
  const result = emptyResult();
  try {
    const collected = { result, rejections, rejectedFile };
    await importPurchases({ ...session, ...collected, file, ledger, clock, channel });
  } finally {
    rejectedFile.close();
    ledger.close();
  }
  const { pointsName } = session.program;
  const { refunds } = file.reading;
  const equalCount =
    file.reading.columns.positions.transaction === undefined ? file.lines.equalCount : undefined;
  console.log(
    describeResult(result, { pointsName, rejections, rejectedFile, refunds, equalCount }),
  );
  process.exitCode = rejections.count === 0 ? 0 : 1;
}

interface Crediting {
  readonly flags: ImportFlags;
  readonly session: ImportSession;
  readonly token: string;
  readonly clock: ZoneClock;
  readonly channel: string;
}

function parseCurrency(text: string): string {
  if (!isCurrency(text)) {
    throw new InvalidArgumentError('Write the code of ISO 4217, such as USD.');
  }
  return text;
}

function parseDecimal(text: string): DecimalSign {
  if (text === 'point' || text === '.') return '.';
  if (text === 'comma' || text === ',') return ',';
  throw new InvalidArgumentError('Write point or comma.');
}
