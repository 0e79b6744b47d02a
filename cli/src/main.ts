import { ConfigError } from '@loyalty/platform/config.ts';
import { isReasoned } from '@loyalty/platform/errors.ts';
import { StreamRefused } from '@loyalty/platform/messaging/set-up-streams.ts';
import { Command } from 'commander';
import { FileRefused } from './csv/file-refused.ts';
import { ProgramRefused } from './import/program-refused.ts';
import { importBalancesCommand } from './import-balances-command.ts';
import { importCommand } from './import-command.ts';
import { natsCommand } from './nats-command.ts';
import { printable } from './printable.ts';
import { ProgramsFileRefused } from './programs/file-problem.ts';
import { ProgramChanged } from './programs/program-changed.ts';
import { programsCommand } from './programs-command.ts';
import { tokenCommand } from './token-command.ts';
import { verifyCommand } from './verify-command.ts';

const failureExitCode = 2;

const program = new Command('loyalty')
  .description('Work with the loyalty platform from the command line.')
  .addCommand(tokenCommand())
  .addCommand(importCommand())
  .addCommand(importBalancesCommand())
  .addCommand(programsCommand())
  .addCommand(verifyCommand())
  .addCommand(natsCommand());

for (const command of withSubcommands(program)) {
  command
    .showHelpAfterError('(use --help to list the options)')
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : failureExitCode));
}

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = failureExitCode;
  if (error instanceof ProgramsFileRefused) {
    for (const line of error.lines) console.error(printable(line));
  } else {
    console.error(isForThePerson(error) ? printable(error.message) : error);
  }
  if (isReasoned(error) && isAway(error.reason)) {
    console.error('Is the platform running? npm start runs one here.');
  }
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

function isAway(reason: string): boolean {
  return reason === 'SERVICE_UNAVAILABLE' || reason === 'STORAGE_UNAVAILABLE';
}

/** Errors whose message says what to do; other errors are printed with their stack. */
function isForThePerson(error: unknown): error is Error {
  return (
    error instanceof ConfigError ||
    error instanceof StreamRefused ||
    error instanceof FileRefused ||
    error instanceof ProgramRefused ||
    error instanceof ProgramChanged ||
    isReasoned(error)
  );
}
