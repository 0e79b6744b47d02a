import { Command, InvalidArgumentError } from 'commander';
import type { ColumnFlags } from './import/columns.ts';
import { importFile } from './import/import-file.ts';
import { openLedger } from './import/ledger-door.ts';
import { openStream } from './import/stream-door.ts';
import { describeTally, isComplete } from './import/tally.ts';
import { createProgress } from './progress.ts';
import { readSetting } from './settings.ts';

interface ImportFlags extends ColumnFlags {
  program: string;
  join?: true;
  channel?: string;
}

const help = `
The file's first line names its columns. Customary names are found without flags, such as
user_id,purchase_date,quantity,amount_usd. Times without a zone are in UTC, and a date
alone is its midnight. A quantity makes the purchase one item of that many units.

A purchase is identified by the name of the file and the number of its line, unless a
column is named that holds an id. So the same file may be imported again at any time:
what has been credited before isn't credited twice.

Exit codes: 0 when every line is credited, 1 when some aren't, 2 when the import failed.

Example:
  $ npx loyalty import purchases.csv --program wine-dine --join`;

/** `loyalty import`: credits the purchases of a CSV file. */
export function importCommand(): Command {
  return new Command('import')
    .description('Credit the purchases of a CSV file, each of them once.')
    .argument('<file>', 'the CSV file')
    .requiredOption('--program <id>', 'the program that credits them')
    .option('--join', 'make the users members first')
    .option('--user-column <name>', "the column of the user's id")
    .option('--time-column <name>', 'the column of the time of the purchase')
    .option('--amount-column <name>', 'the column of the amount that was paid, like 1234.56')
    .option('--quantity-column <name>', 'the column of the number of units')
    .option('--transaction-column <name>', 'the column of an id of the purchase')
    .option(
      '--currency <code>',
      "of the amounts (default: as the amount's column says, else USD)",
      parseCurrency,
    )
    .option('--channel <name>', 'where the purchases were made, such as store or web')
    .addHelpText('after', help)
    .action(runImport);
}

async function runImport(path: string, flags: ImportFlags): Promise<void> {
  const { program: programId, join = false, ...file } = flags;
  const token = readSetting('LOYALTY_SERVICE_TOKEN');
  const address = readSetting('LOYALTY_LEDGER_GRPC');
  const url = readSetting('NATS_URL');
  process.once('SIGINT', () => {
    console.error('\nInterrupted. The same command again goes on from here.');
    process.exit(130);
  });
  const progress = createProgress(process.stderr);
  const ledger = openLedger({ address, token, programId });
  const stream = openStream({ url, programId });
  try {
    const tally = await importFile({
      file: { ...file, path, programId },
      join,
      ledger,
      stream,
      progress,
    });
    console.log(describeTally(tally));
    process.exitCode = isComplete(tally) ? 0 : 1;
  } finally {
    ledger.close();
    await stream.close();
  }
}

function parseCurrency(text: string): string {
  if (!/^[A-Z]{3}$/.test(text)) throw new InvalidArgumentError('Write it like USD.');
  return text;
}
