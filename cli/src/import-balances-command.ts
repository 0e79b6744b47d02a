import { createZoneClock } from '@loyalty/rules/zone-clock.ts';
import { Command } from 'commander';
import { balanceRoles, openBalanceFile } from './import/balance-file.ts';
import { describeRoles } from './import/columns.ts';
import { addFileFlags, type FileFlags, namedColumns } from './import/file-flags.ts';
import { importBalances } from './import/import-balances.ts';
import { withImportSession } from './import/import-session.ts';
import { openLedger } from './import/ledger-client.ts';
import { requireActive } from './import/programs-client.ts';
import { prepareRejectedFile } from './import/rejected-file.ts';
import { Rejections } from './import/rejections.ts';
import { describeResult, emptyResult } from './import/result.ts';
import { readSetting } from './settings.ts';

interface ImportBalancesFlags extends FileFlags {
  join?: true;
  reason: string;
  note: string;
}

const help = `
The first line names the columns. These names are known, in any case; a flag names another column:

${describeRoles(balanceRoles)}

The points of a user with the same two dates are credited once, however often they are imported. They don't count as
earned. An expiry date is the last day on which they can be spent. See docs/import.md for more.

Exit codes: 0 when every line is credited, 1 when some aren't, 2 when the import failed.

Example:
  $ npx loyalty import-balances balances.csv --program wine-dine --join`;

/** `loyalty import-balances`: credits the points that members bring from another system. */
export function importBalancesCommand(): Command {
  const command = new Command('import-balances')
    .description('Credit the points that members had in another system, each of them once.')
    .argument('<file>', 'the CSV file')
    .requiredOption('--program <id>', 'the program that credits them')
    .option('--join', 'make members of users who never joined, as of the join date in the file')
    .option('--reason <text>', 'the reason, for operators', 'opening balance')
    .option('--note <text>', 'a text for the members', '');
  return addFileFlags(command, balanceRoles).addHelpText('after', help).action(runImport);
}

async function runImport(path: string, flags: ImportBalancesFlags): Promise<void> {
  const { program: programId, reason, note } = flags;
  const token = readSetting('LOYALTY_ADMIN_TOKEN');
  const address = readSetting('LOYALTY_LEDGER_GRPC');
  await withImportSession({ programId, token }, async (session) => {
    const { program, progress, credentials } = session;
    const columns = namedColumns(balanceRoles, { ...flags });
    const file = await openBalanceFile(path, { columns, separator: flags.separator, progress });
    requireActive(program, programId);
    const clock = flags.timeZone === undefined ? program.clock : createZoneClock(flags.timeZone);
    const collected = {
      result: emptyResult(),
      rejections: new Rejections(),
      rejectedFile: prepareRejectedFile(file.table, flags.rejected),
    };
    const ledger = openLedger({
      address,
      credentials,
      token,
      programId,
      joinMissing: flags.join === true,
    });
    try {
      await importBalances({ ...session, ...collected, file, ledger, clock, reason, note });
    } finally {
      collected.rejectedFile.close();
      ledger.close();
    }
    const { pointsName } = program;
    const wording = { ...collected, pointsName, refunds: false, equalCount: undefined };
    console.log(describeResult(collected.result, wording));
    process.exitCode = collected.rejections.count === 0 ? 0 : 1;
  });
}
