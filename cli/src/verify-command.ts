import { eventInvariant } from '@loyalty/ledger/verify/event-invariant.ts';
import type { Invariant, Violation } from '@loyalty/ledger/verify/invariant.ts';
import { verifyLedger } from '@loyalty/ledger/verify/verify-ledger.ts';
import { ConfigError } from '@loyalty/platform/config.ts';
import { isReasoned, StorageUnavailable } from '@loyalty/platform/errors.ts';
import { createLogger } from '@loyalty/platform/logging.ts';
import type { Nats } from '@loyalty/platform/messaging/connection.ts';
import { createPool } from '@loyalty/platform/postgres/pool.ts';
import { classify } from '@loyalty/platform/postgres/sqlstate.ts';
import { Command } from 'commander';
import { explainedRefusal, type NatsUrl, openNats } from './operator-nats.ts';
import { parseMembershipId, replay } from './replay.ts';
import { environmentSetting, readSetting } from './settings.ts';

interface VerifyFlags {
  databaseUrl?: string;
  natsUrl?: string;
  replay?: true;
  after?: bigint;
}

const help = `
Reads everything as of one instant, while the ledger goes on working, and writes nothing.
Without settings it checks the platform that npm start runs here.

The URLs contain passwords. Give them in LEDGER_DATABASE_URL and NATS_OPERATOR_URL rather than as options, which everyone
on the machine can see. The database's password can also be in PGPASSWORD.

--replay also derives every earn and refund again, member by member: from the purchase as it was sent, the version
of the rules, and what the journal says of the member. What an earlier rule engine decided and this one would decide
otherwise is listed for review, and is no fault. Interrupted or cut off from the database, it names the membership to
go on --after.

Exit codes: 0 when every invariant holds, 1 when one doesn't, 2 when it can't be checked.

Example:
  $ export LEDGER_DATABASE_URL=postgres://ledger:PASSWORD@db/ledger
  $ export NATS_OPERATOR_URL=nats://operator:PASSWORD@nats:4222
  $ npx loyalty verify`;

/** `loyalty verify`: proves a ledger's invariants, or names what offends them. */
export function verifyCommand(): Command {
  return new Command('verify')
    .description('Check that the books of a ledger are sound, and list every violation.')
    .option('--database-url <url>', "the ledger's database (default: LEDGER_DATABASE_URL)")
    .option(
      '--nats-url <url>',
      'the NATS server of its events, to check them too (default: NATS_OPERATOR_URL, unless --database-url is given)',
    )
    .option('--replay', 'also derive every earn and refund again')
    .option(
      '--after <membership>',
      'with --replay: continue after the membership with this id',
      parseMembershipId,
    )
    .addHelpText('after', help)
    .action(runVerify);
}

async function runVerify(flags: VerifyFlags): Promise<void> {
  if (flags.after !== undefined && flags.replay !== true) {
    throw new ConfigError('--after works only with --replay; add --replay');
  }
  const url = flags.databaseUrl ?? readSetting('LEDGER_DATABASE_URL');
  const source = flags.databaseUrl === undefined ? 'LEDGER_DATABASE_URL' : '--database-url';
  const server = natsUrlOf(flags);
  const logger = createLogger({ name: 'loyalty', level: 'silent' });
  const pool = createPool({ url, max: 2, applicationName: 'loyalty verify', logger });
  const nats = server && openNats(server, 'loyalty verify');
  try {
    let broken = flags.after === undefined ? await checkInvariants(pool, nats) : 0;
    if (flags.replay === true && !(await replay(pool, flags.after))) broken += 1;
    console.log(
      broken === 0
        ? 'The books are sound.'
        : `${broken} of these don't hold. Keep the database as it is until you know why.`,
    );
    process.exitCode = broken === 0 ? 0 : 1;
  } catch (error) {
    throw explained(server === undefined ? error : explainedRefusal(error, server), source);
  } finally {
    await nats?.close();
    await pool.end();
  }
}

function natsUrlOf({ databaseUrl, natsUrl }: VerifyFlags): NatsUrl | undefined {
  if (natsUrl !== undefined) return { url: natsUrl, source: '--nats-url' };
  // The events of another database's ledger would prove nothing.
  if (databaseUrl !== undefined) return undefined;
  const isLocal = environmentSetting('LEDGER_DATABASE_URL') === undefined;
  const readUrl = isLocal ? readSetting : environmentSetting;
  const url = readUrl('NATS_OPERATOR_URL');
  return url === undefined ? undefined : { url, source: 'NATS_OPERATOR_URL' };
}

/** Returns the number of broken invariants. */
async function checkInvariants(
  pool: ReturnType<typeof createPool>,
  nats: Nats | undefined,
): Promise<number> {
  const violations = await verifyLedger(pool, { ...(nats && { nats }), onChecked: tell });
  if (nats === undefined) {
    console.log(`${titleOf(eventInvariant)} not checked: needs NATS_OPERATOR_URL or --nats-url`);
  }
  return violations.length;
}

/** SQLSTATEs of a login that the database refuses. */
const loginRefusals: ReadonlySet<unknown> = new Set(['28000', '28P01']);

/** What keeps the books from being checked, in words for the person who asked. */
function explained(error: unknown, source: '--database-url' | 'LEDGER_DATABASE_URL'): unknown {
  if (isReasoned(error) || !Error.isError(error)) return error;
  if (classify(error) === 'unavailable') {
    return new StorageUnavailable("The ledger's database can't be reached.", { cause: error });
  }
  if ('code' in error && loginRefusals.has(error.code)) {
    return new ConfigError(
      `The database refused the user or the password in ${source}, or in PGUSER and PGPASSWORD; give those of the ledger's database`,
      { cause: error },
    );
  }
  return 'code' in error
    ? new ConfigError(`The database can't be checked as a ledger of this release: ${error.message}`)
    : error;
}

function tell(
  invariant: Invariant,
  violation: Violation | undefined,
  notes: readonly string[],
): void {
  console.log(`${titleOf(invariant)} ${violation === undefined ? 'holds' : 'BROKEN'}`);
  if (violation !== undefined) console.log(detailsOf(violation));
  for (const note of notes) console.log(`    Note: ${note}`);
}

function titleOf({ id, name }: Invariant): string {
  return `${id}  ${name.padEnd(20)}`;
}

function detailsOf({ meaning, count, offenders }: Violation): string {
  const unnamed = count - offenders.length;
  return [
    `    It means: ${meaning}`,
    ...offenders.map((offender) => `    - ${offender}`),
    ...(unnamed === 0 ? [] : [`    and ${unnamed} more`]),
  ].join('\n');
}
