import { instant, type Timestamp, timestamptz } from '@loyalty/platform/postgres/timestamptz.ts';
import type { DbTransaction } from '@loyalty/platform/postgres/transaction.ts';
import type { CapPeriod } from '@loyalty/rules/compile-rule-set.ts';
import type { LimitPeriod } from '@loyalty/rules/limit-period.ts';
import type {
  Needs,
  RequestKey,
  RequestRecord,
  RewardName,
  UsagePeriod,
} from '../app/ledger-store.ts';
import { type RequestRow, requestOf } from './entry-rows.ts';
import { capKey, stockKey, usageKey } from './ledger-keys.ts';
import type { Locking } from './locking.ts';
import { memberKey } from './membership-ids.ts';
import { perRow } from './plan-forms.ts';

const stockStatements = {
  PASS_OVER: { name: 'lock_reward_stock', text: readingStock('FOR UPDATE SKIP LOCKED') },
  WAIT: { name: 'wait_for_reward_stock', text: readingStock('FOR UPDATE') },
  NONE: { name: 'read_reward_stock', text: readingStock('') },
} satisfies Record<Locking, unknown>;

function readingStock(locking: string): string {
  return `SELECT stock.*
    FROM (
      SELECT * FROM unnest($1::text[], $2::text[]) ORDER BY 1, 2
    ) AS names (program_id, reward_id)
    CROSS JOIN LATERAL (
      SELECT * FROM reward_stock
      WHERE program_id = names.program_id AND reward_id = names.reward_id
      ${perRow} ${locking}
    ) AS stock`;
}

/**
 * Locks the stock of limited rewards, and reads how much of it is taken, by stock key. What somebody else has locked is left
 * out if it is to be passed over; without locks, so is what has no row, because nothing of it is taken.
 */
export async function lockStock(
  tx: DbTransaction,
  wanted: readonly RewardName[],
  locking: Locking,
): Promise<ReadonlyMap<string, bigint>> {
  if (wanted.length === 0) return new Map();
  // A crowd wants the same few rewards.
  const rewards = [...new Map(wanted.map((reward) => [stockKey(reward), reward])).values()];
  const names = [
    rewards.map(({ programId }) => programId),
    rewards.map(({ rewardId }) => rewardId),
  ];
  // A reward without a row couldn't be locked. Sorted, because an insert waits for another's like a lock does.
  const inserted =
    locking === 'NONE'
      ? undefined
      : tx.query({
          name: 'insert_reward_stock',
          text: `INSERT INTO reward_stock (program_id, reward_id, taken)
            SELECT program_id, reward_id, 0
            FROM unnest($1::text[], $2::text[]) AS names (program_id, reward_id)
            ORDER BY program_id, reward_id
            ON CONFLICT DO NOTHING`,
          values: names,
        });
  const locked = tx.query<{ program_id: string; reward_id: string; taken: bigint }>({
    ...stockStatements[locking],
    values: names,
  });
  await inserted;
  return new Map(
    (await locked).rows.map((row) => {
      const reward: RewardName = { programId: row.program_id, rewardId: row.reward_id };
      return [stockKey(reward), row.taken];
    }),
  );
}

/** Requests with the entries that they led to. */
export async function readRequests(
  tx: DbTransaction,
  needs: readonly Needs[],
  membershipIds: ReadonlyMap<string, bigint>,
): Promise<RequestRecord[]> {
  const keys = withMembershipId<RequestKey>(needs, membershipIds, ({ request }) =>
    request === undefined ? [] : [request],
  );
  if (keys.length === 0) return [];
  const { rows } = await tx.query<RequestRow>({
    name: 'read_requests',
    text: `SELECT entries.*, requests.kind AS request_kind, requests.idempotency_key, fingerprint
      FROM (SELECT DISTINCT * FROM unnest($1::bigint[], $2::text[], $3::text[]))
        AS keys (membership_id, kind, idempotency_key)
      CROSS JOIN LATERAL (
        SELECT * FROM requests
        WHERE membership_id = keys.membership_id AND kind = keys.kind
          AND idempotency_key = keys.idempotency_key ${perRow}
      ) AS requests
      CROSS JOIN LATERAL (
        SELECT * FROM entries
        WHERE membership_id = requests.membership_id AND sequence = requests.sequence ${perRow}
      ) AS entries`,
    values: [
      keys.map(([id]) => id),
      keys.map(([, { kind }]) => kind),
      keys.map(([, { idempotencyKey }]) => idempotencyKey),
    ],
  });
  return rows.map(requestOf);
}

/** What capped rules have given, by cap key. */
export async function readCapUsage(
  tx: DbTransaction,
  needs: readonly Needs[],
  membershipIds: ReadonlyMap<string, bigint>,
): Promise<ReadonlyMap<string, bigint>> {
  const caps = withMembershipId<CapPeriod>(needs, membershipIds, (need) => need.caps ?? []);
  if (caps.length === 0) return new Map();
  const { rows } = await tx.query<{
    membership_id: bigint;
    rule_id: string;
    period: LimitPeriod;
    period_start: Timestamp;
    points: bigint;
  }>({
    name: 'read_cap_usage',
    text: `SELECT cap_usage.*
      FROM (SELECT DISTINCT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[]))
        AS caps (membership_id, rule_id, period, period_start)
      CROSS JOIN LATERAL (
        SELECT * FROM cap_usage
        WHERE membership_id = caps.membership_id AND rule_id = caps.rule_id
          AND period = caps.period AND period_start = caps.period_start ${perRow}
      ) AS cap_usage`,
    values: [
      caps.map(([id]) => id),
      caps.map(([, { ruleId }]) => ruleId),
      caps.map(([, { period }]) => period),
      caps.map(([, { start }]) => timestamptz(start)),
    ],
  });
  return new Map(
    rows.map((row) => {
      const cap = {
        ruleId: row.rule_id,
        period: row.period,
        start: instant(row.period_start),
      };
      return [capKey(row.membership_id, cap), row.points];
    }),
  );
}

/** How often members had rewards in the periods asked for and in later ones, by usage key. */
export async function readRewardUsage(
  tx: DbTransaction,
  needs: readonly Needs[],
  membershipIds: ReadonlyMap<string, bigint>,
): Promise<ReadonlyMap<string, bigint>> {
  const usages = withMembershipId<UsagePeriod>(needs, membershipIds, ({ usage }) =>
    usage === undefined ? [] : [usage],
  );
  if (usages.length === 0) return new Map();
  const { rows } = await tx.query<{
    membership_id: bigint;
    reward_id: string;
    period: LimitPeriod;
    period_start: Timestamp;
    taken: bigint;
  }>({
    name: 'read_reward_usage',
    text: `SELECT reward_usage.*
      FROM (SELECT DISTINCT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[]))
        AS usages (membership_id, reward_id, period, period_start)
      CROSS JOIN LATERAL (
        SELECT * FROM reward_usage
        WHERE membership_id = usages.membership_id AND reward_id = usages.reward_id
          AND period = usages.period AND period_start >= usages.period_start ${perRow}
      ) AS reward_usage`,
    values: [
      usages.map(([id]) => id),
      usages.map(([, { rewardId }]) => rewardId),
      usages.map(([, { period }]) => period),
      usages.map(([, { start }]) => timestamptz(start)),
    ],
  });
  return new Map(
    rows.map((row) => {
      const usage = {
        rewardId: row.reward_id,
        period: row.period,
        start: instant(row.period_start),
      };
      return [usageKey(row.membership_id, usage), row.taken];
    }),
  );
}

/** What needs declare about members who exist, with the ids of their memberships. */
export function withMembershipId<Declared>(
  needs: readonly Needs[],
  membershipIds: ReadonlyMap<string, bigint>,
  declaredBy: (need: Needs) => readonly Declared[],
): [bigint, Declared][] {
  return needs.flatMap((need) => {
    const declared = declaredBy(need);
    if (declared.length === 0) return [];
    const id = need.member && membershipIds.get(memberKey(need.member));
    return id === undefined ? [] : declared.map((each): [bigint, Declared] => [id, each]);
  });
}
