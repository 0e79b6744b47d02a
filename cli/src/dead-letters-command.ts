import { ConfigError } from '@loyalty/platform/config.ts';
import {
  DeadLetter_State,
  DeadLetter_StateSchema,
} from '@loyalty/proto/loyalty/ledger/v1/dead_letter_pb.ts';
import { ErrorReason, ErrorReasonSchema } from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';
import { Command, InvalidArgumentError } from 'commander';
import {
  type DeadLettersApi,
  openDeadLetters,
  type Selection,
} from './dead-letters/dead-letters-api.ts';
import { decideLetters } from './dead-letters/decide-letters.ts';
import { letterLine, lettersHead, letterText } from './dead-letters/letter-text.ts';
import { createProgress } from './progress.ts';
import { readChannelCredentials } from './service-calls/channel-credentials.ts';
import { readSetting } from './settings.ts';

interface ListFlags {
  program?: string;
  state?: DeadLetter_State;
  reason?: ErrorReason;
}

interface DecideFlags {
  program?: string;
  reason?: ErrorReason;
  why?: string;
}

const help = `
A dead letter is a message that couldn't be applied: WAITING for another attempt, or DEAD until it is replayed or
discarded. See docs/ledger.md for more, and docs/errors.md for the reasons.

The token is LOYALTY_ADMIN_TOKEN, and the address LOYALTY_LEDGER_GRPC. A token for some programs works for those.`;

const helpToDecide = `${help}

--reason selects those that are DEAD; one that is WAITING has to be named by its id. Idempotent: repeating it has no
effect, and an interrupted run is continued by running it again.

Exit codes: 0 when it is done for all, 1 when it isn't for some, which are named, 2 when it failed.`;

/** `loyalty dead-letters`: messages that couldn't be applied, for operators. */
export function deadLettersCommand(): Command {
  return new Command('dead-letters')
    .description("Look at messages that couldn't be applied, and replay or discard them.")
    .addCommand(
      new Command('list')
        .description('List dead letters, the newest first.')
        .option('--program <id>', 'only those of this program', parseProgram)
        .option('--state <state>', `only those in this state: ${stateNames.join(', ')}`, parseState)
        .option('--reason <reason>', 'only those with this reason', parseReason)
        .addHelpText(
          'after',
          `${help}\n\nExample:\n  $ npx loyalty dead-letters list --state DEAD --program wine-dine`,
        )
        .action(runList),
    )
    .addCommand(
      new Command('show')
        .description('Show a dead letter and what it contains.')
        .argument('<id>', 'the id, as list shows it', parseId)
        .addHelpText('after', `${help}\n\nExample:\n  $ npx loyalty dead-letters show 42`)
        .action(runShow),
    )
    .addCommand(
      deciding('replay')
        .description('Try dead letters again now.')
        .option('--why <text>', 'why, to be kept with the decision', parseWhy)
        .addHelpText(
          'after',
          `${helpToDecide}\n\nExamples:\n  $ npx loyalty dead-letters replay 42 43\n  $ npx loyalty dead-letters replay --reason MEMBERSHIP_NOT_FOUND --program wine-dine`,
        )
        .action((ids: string[], flags: DecideFlags) => runDecide('replay', ids, flags)),
    )
    .addCommand(
      deciding('discard')
        .description('Discard dead letters for good.')
        .requiredOption('--why <text>', 'why, to be kept with the decision', parseWhy)
        .addHelpText(
          'after',
          `${helpToDecide}\n\nExample:\n  $ npx loyalty dead-letters discard 42 --why "a test of the shop"`,
        )
        .action((ids: string[], flags: DecideFlags) => runDecide('discard', ids, flags)),
    );
}

function deciding(name: string): Command {
  return new Command(name)
    .argument('[ids...]', 'the ids, as list shows them', parseIds)
    .option('--reason <reason>', 'in place of ids: all that are DEAD for this reason', parseReason)
    .option('--program <id>', 'with --reason: only those of this program', parseProgram);
}

async function runList({ program: programId, state, reason }: ListFlags): Promise<void> {
  await withApi(async (api) => {
    let isFirst = true;
    for await (const letters of api.list({ programId, state, reason })) {
      if (isFirst) console.log(lettersHead);
      isFirst = false;
      console.log(letters.map(letterLine).join('\n'));
    }
    if (isFirst) console.error('There are no such dead letters.');
  });
}

async function runShow(deadLetterId: string): Promise<void> {
  await withApi(async (api) => {
    console.log(letterText(await api.get(deadLetterId)));
  });
}

async function runDecide(
  verb: 'replay' | 'discard',
  named: readonly string[],
  { reason, program: programId, why = '' }: DecideFlags,
): Promise<void> {
  const selection = selectionOf(named, { reason, programId });
  const progress = createProgress(process.stderr);
  const interrupted = () => {
    progress.notice('Interrupted. Run the same command again to continue.');
    process.exit(130);
  };
  process.once('SIGINT', interrupted);
  try {
    await withApi(async (api) => {
      const ids = selection === undefined ? [...new Set(named)] : await idsOf(api, selection);
      const { done, failed } = await decideLetters(ids, { api, verb, why, progress });
      const what = verb === 'replay' ? 'replayed' : 'discarded';
      console.log(`${done} ${what}, ${failed} not`);
      process.exitCode = failed === 0 ? 0 : 1;
    });
  } finally {
    process.off('SIGINT', interrupted);
  }
}

/** Undefined if the dead letters are named by their ids. */
function selectionOf(
  named: readonly string[],
  { reason, programId }: Pick<Selection, 'reason' | 'programId'>,
): Selection | undefined {
  if (named.length > 0 && reason !== undefined) {
    throw new ConfigError('ids and --reason exclude each other; give one of them');
  }
  if (programId !== undefined && reason === undefined) {
    throw new ConfigError('--program works only with --reason; add --reason');
  }
  if (named.length === 0 && reason === undefined) {
    throw new ConfigError('no dead letters are selected; give their ids, or --reason');
  }
  return reason === undefined ? undefined : { reason, programId, state: DeadLetter_State.DEAD };
}

/** The oldest first: what came first is tried first. */
async function idsOf(api: DeadLettersApi, selection: Selection): Promise<string[]> {
  const ids: string[] = [];
  for await (const letters of api.list(selection)) {
    ids.push(...letters.map(({ deadLetterId }) => deadLetterId));
  }
  return ids.toReversed();
}

async function withApi(work: (api: DeadLettersApi) => Promise<void>): Promise<void> {
  const api = openDeadLetters({
    address: readSetting('LOYALTY_LEDGER_GRPC'),
    credentials: await readChannelCredentials(process.env),
    token: readSetting('LOYALTY_ADMIN_TOKEN'),
  });
  try {
    await work(api);
  } finally {
    api.close();
  }
}

function parseId(text: string): string {
  if (!/^[1-9]\d{0,17}$/.test(text)) {
    throw new InvalidArgumentError('It must be a number, as loyalty dead-letters list shows it.');
  }
  return text;
}

function parseIds(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), parseId(text)];
}

function parseProgram(text: string): string {
  if (!/^[a-z][a-z0-9-]{1,48}[a-z0-9]$/.test(text)) {
    throw new InvalidArgumentError('It must be the id of a program, such as wine-dine.');
  }
  return text;
}

const stateNames = DeadLetter_StateSchema.values.flatMap(({ name, number }) =>
  number === 0 ? [] : [name],
);

function parseState(text: string): DeadLetter_State {
  if (!stateNames.includes(text)) {
    throw new InvalidArgumentError(`It must be one of ${stateNames.join(', ')}.`);
  }
  return DeadLetter_State[text as keyof typeof DeadLetter_State];
}

function parseReason(text: string): ErrorReason {
  if (!ErrorReasonSchema.values.some(({ name, number }) => name === text && number !== 0)) {
    throw new InvalidArgumentError(
      'It must be a reason of docs/errors.md, such as MEMBERSHIP_NOT_FOUND.',
    );
  }
  return ErrorReason[text as keyof typeof ErrorReason];
}

const whyBytesMax = 500;

function parseWhy(text: string): string {
  if (text.trim() === '' || Buffer.byteLength(text) > whyBytesMax) {
    throw new InvalidArgumentError(`Write 1 to ${whyBytesMax} bytes.`);
  }
  return text;
}
