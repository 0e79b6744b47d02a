import { ConfigError } from '@loyalty/platform/config.ts';
import { isReasoned } from '@loyalty/platform/errors.ts';
import { StreamRefused } from '@loyalty/platform/messaging/stream-refused.ts';
import { Command } from 'commander';
import { FileRefused } from './csv/file-refused.ts';
import { ProgramRefused } from './import/program-refused.ts';
import { printable } from './printable.ts';
import { ProgramsFileRefused } from './programs/file-problem.ts';
import { ProgramChanged } from './programs/program-changed.ts';

const failureExitCode = 2;

const commands: Readonly<Record<string, () => Promise<Command>>> = {
  token: async () => (await import('./token-command.ts')).tokenCommand(),
  import: async () => (await import('./import-command.ts')).importCommand(),
  'import-balances': async () =>
    (await import('./import-balances-command.ts')).importBalancesCommand(),
  programs: async () => (await import('./programs-command.ts')).programsCommand(),
  'dead-letters': async () => (await import('./dead-letters-command.ts')).deadLettersCommand(),
  webhooks: async () => (await import('./webhooks-command.ts')).webhooksCommand(),
  verify: async () => (await import('./verify-command.ts')).verifyCommand(),
  nats: async () => (await import('./nats-command.ts')).natsCommand(),
};

const program = new Command('loyalty').description(
  'Work with the loyalty platform from the command line.',
);
for (const load of commandsToLoad(process.argv[2])) program.addCommand(await load());

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

/** What each command needs takes a while to load; without one of their names, all of them are listed. */
function commandsToLoad(name = ''): (() => Promise<Command>)[] {
  const named = Object.entries(commands).find(([each]) => each === name);
  return named === undefined ? Object.values(commands) : [named[1]];
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
