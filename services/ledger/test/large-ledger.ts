import { disableAutovacuum } from '@loyalty/local/table-statistics.ts';
import { execute } from '@loyalty/local/test-environment.ts';

interface Size {
  readonly members: number;
  /** How often a member has earned, other than those of `pasts`. */
  readonly earnsEach: number;
  /** Members whose past is only earns, and how many. Each earn of user-3 is a lot of its own. */
  readonly pasts: Readonly<Record<string, number>>;
}

/** More than a million earns. */
export const large: Size = {
  members: 100_000,
  earnsEach: 10,
  pasts: { 'user-1': 50_000, 'user-2': 5, 'user-3': 3_650 },
};

export const small: Size = { members: 60, earnsEach: 2, pasts: { 'user-1': 10 } };

/**
 * Fills an empty ledger, in half a minute: members who earned and redeemed once, one in five with an adjustment, one in
 * a hundred with an open hold, and every other table with many rows. It leaves no statistics, and autovacuum makes none.
 */
export async function fillLedger(databaseUrl: string, size: Size): Promise<void> {
  await disableAutovacuum(databaseUrl);
  await execute(databaseUrl, members(size));
  await Promise.all([
    execute(databaseUrl, earned),
    execute(databaseUrl, journals).then(() => execute(databaseUrl, redemptions)),
  ]);
  await execute(databaseUrl, otherTables(size));
}

const availableAt = `CASE id WHEN 3 THEN '2016-01-01Z'::timestamptz + n * interval '1 day' ELSE '-infinity' END`;
const lotExpiresAt = `CASE
  WHEN id <> 3 THEN expires_at
  WHEN n % 2 = 0 THEN 'infinity'
  ELSE expires_at + (n - 1) * interval '1 day' END`;
const earnTime = `'2026-02-01Z'::timestamptz - (earns - n) * interval '10 seconds'`;
const holds = 'CASE WHEN id % 100 = 0 THEN 1 ELSE 0 END';
/** Members of whom the tests ask nothing. */
const suspended = 'id BETWEEN 60000 AND 60999 AND id % 173 <> 139';
/** One in five is gold, and sixty are platinum. */
const attributes = `CASE
  WHEN id BETWEEN 70001 AND 70060 THEN jsonb '{"tier": "platinum"}'
  WHEN id % 5 = 0 THEN '{"tier": "gold"}'
  ELSE '{}' END`;
const joinTime = `'2025-01-01Z'::timestamptz + id % 365 * interval '1 day'`;
const hasAttributes = `${attributes} <> '{}'`;
const gifts = 'CASE WHEN id % 5 = 0 THEN 1 ELSE 0 END';

/** Ten points for each earn, five of which each redemption takes; five more for each adjustment. */
const members = ({ members: count, earnsEach, pasts }: Size) => `
  CREATE TABLE crowd AS
    SELECT id::bigint, 'user-' || id AS user_id, coalesce(past.earns, ${earnsEach}) AS earns,
      CASE WHEN past.earns IS NULL THEN 1 ELSE 0 END AS spends, ${holds} AS holds, ${gifts} AS gifts,
      '2030-01-01Z'::timestamptz + id % 365 * interval '1 day' AS expires_at
    FROM generate_series(1, ${count}) AS id
    LEFT JOIN json_each_text('${JSON.stringify(pasts)}') AS pasts (user_id, earns) ON user_id = 'user-' || id
    CROSS JOIN LATERAL (SELECT pasts.earns::integer AS earns) AS past;
  SELECT setval('membership_ids', ${count});
  INSERT INTO member_ids SELECT 'wine-dine', user_id, id FROM crowd;
  INSERT INTO member_attributes
    SELECT id, key, value, 'wine-dine', user_id, CASE WHEN ${suspended} THEN 'SUSPENDED' ELSE 'ACTIVE' END, ${joinTime}
    FROM crowd CROSS JOIN jsonb_each_text(${attributes});
  INSERT INTO memberships
    SELECT id, 'wine-dine', user_id, CASE WHEN ${suspended} THEN 'SUSPENDED' ELSE 'ACTIVE' END, ${suspended},
      ${attributes}, ${joinTime},
      1 + earns + spends + holds + gifts,
      CASE spends WHEN 0 THEN timestamptz '2026-02-01Z' ELSE '2026-03-01Z' END,
      10 * earns - 5 * (spends + holds - gifts), 0, 5 * holds, 0,
      10 * earns, 5 * spends, 0, 'infinity',
      CASE holds WHEN 0 THEN expires_at ELSE '2029-01-01Z' END, '-infinity', 0, '-infinity', 0,
      CASE WHEN ${hasAttributes} THEN 1 ELSE 0 END
    FROM crowd;
  INSERT INTO lots
    SELECT id, ${availableAt}, ${lotExpiresAt}, 'NORMAL', 10 * count(*) - 5 * (spends + holds - gifts)
    FROM crowd CROSS JOIN generate_series(1, earns) AS n GROUP BY id, 2, 3, spends, holds, gifts`;

const journals = `
  INSERT INTO entries
    SELECT id, 1, 'JOINED', 1, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, 'service:shop', '', timestamptz '2026-01-01Z',
      CASE WHEN ${hasAttributes} THEN jsonb '{}' END, nullif(${attributes}, '{}'), ${joinTime}, NULL, NULL, 'wine-dine'
    FROM crowd;
  INSERT INTO entries
    SELECT id, 1 + n, 'EARN', 1, 10, 0, 0, 0, 10 * n, id || '-' || n, NULL, NULL, NULL, 'service:shop', '',
      ${earnTime}
    FROM crowd CROSS JOIN generate_series(1, earns) AS n;
  INSERT INTO entries (membership_id, sequence, kind, event_version, available, pending, reserved, deficit, balance_after,
      transaction_id, redemption_id, refund_id, reason, actor, request_id, create_time, program_id, reserved_after)
    SELECT id, 2 + earns, 'CAPTURE', 1, -5, 0, 0, 0, 10 * earns - 5, NULL, 'spent-' || id, NULL, NULL,
      'service:shop', '', timestamptz '2026-03-01Z', 'wine-dine', NULL
    FROM crowd WHERE spends = 1
    UNION ALL
    SELECT id, 3 + earns, 'RESERVE', 1, -5, 0, 5, 0, 10 * earns - 10, NULL, 'held-' || id, NULL, NULL,
      'service:shop', '', timestamptz '2026-03-01Z', 'wine-dine', 5
    FROM crowd WHERE holds = 1
    UNION ALL
    SELECT id, 2 + earns + spends + holds, 'ADJUST', 1, 5, 0, 0, 0, 10 * earns - 5 * (spends + holds - 1), NULL, NULL, NULL,
      'a gift', 'service:shop', '', timestamptz '2026-03-01Z', 'wine-dine', nullif(5 * holds, 0)
    FROM crowd WHERE gifts = 1;
  INSERT INTO allocations
    SELECT membership_id, sequence, '-infinity', expires_at, 'NORMAL', available
    FROM entries JOIN crowd ON id = membership_id WHERE kind IN ('CAPTURE', 'RESERVE', 'ADJUST')`;

const earned = `
  INSERT INTO earns
    SELECT 'wine-dine', id || '-' || n, 'POSTED', id, 1 + n, '\\x00', 1, NULL, 10, 0, '[]',
      ${availableAt}, ${lotExpiresAt}, 'NORMAL', ${earnTime}, '', 1
    FROM crowd CROSS JOIN generate_series(1, earns) AS n`;

const redemptions = `
  INSERT INTO redemptions
    SELECT membership_id, redemption_id, 'wine-dine', redemption_id, '\\x00', sequence, 'cheese', 1, 5, 1, 5, 0,
      CASE kind WHEN 'CAPTURE' THEN 'CAPTURED' ELSE 'RESERVED' END,
      jsonb_build_array(jsonb_build_object('available_at', '-infinity',
        'expires_at', to_char(expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        'class', 'NORMAL', 'points', '5', 'returned', '0')),
      CASE membership_id % 10 WHEN 0 THEN 'table 4' ELSE '' END, NULL, NULL, create_time, CASE kind WHEN 'RESERVE' THEN '2029-01-01Z'::timestamptz END, false,
      NULL, NULL, false, NULL, NULL, NULL, NULL, 'Cheese'
    FROM entries JOIN crowd ON id = membership_id WHERE redemption_id IS NOT NULL`;

const otherTables = ({ members: count }: Size) => `
  INSERT INTO earns (program_id, transaction_id, state)
    SELECT 'wine-dine', 'awaited-' || n, 'AWAITED' FROM generate_series(1, ${count / 5}) AS n;
  INSERT INTO refunds
    SELECT 'wine-dine', 'awaited-' || n, 'refund', CASE WHEN n % 10 = 0 THEN 'WAITING' ELSE 'CANCELLED' END,
      '\\x00', '{"kind": "FULL"}', 0, 0, 0, 0, 0, '2026-03-01Z', 1
    FROM generate_series(1, ${count / 5}) AS n;
  INSERT INTO lapsed_lots SELECT id, '-infinity', '2026-02-01Z', 'NORMAL', 0, 0, 1 FROM crowd WHERE id % 5 = 0;
  INSERT INTO requests SELECT id, 'ADJUST', 'key', '\\x00', 2 + earns + spends + holds FROM crowd WHERE gifts = 1;
  INSERT INTO cap_usage SELECT id, 'base', 'LIFETIME', '-infinity', 10 * earns FROM crowd;
  INSERT INTO reward_stock SELECT 'wine-dine', 'reward-' || n, 0 FROM generate_series(1, ${count / 20}) AS n;
  INSERT INTO reward_usage SELECT id, 'reward-1', 'MONTH', '2026-03-01Z', 0 FROM crowd;
  INSERT INTO program_snapshots
    SELECT 'program-' || n, 1, repeat('x', 500)::bytea, now(), 'first', n % 10 FROM generate_series(1, ${count / 20}) AS n;
  INSERT INTO notices
    SELECT id, kind, '2026-01-01'::date + n, '2026-01-01Z'
    FROM crowd CROSS JOIN generate_series(1, 2) AS n CROSS JOIN unnest(ARRAY['EXPIRING', 'MATURING']) AS kind;
  INSERT INTO rule_names SELECT 'wine-dine', n, '{}' FROM generate_series(1, ${count / 20}) AS n;
  INSERT INTO outbox (batch) SELECT '\\x' FROM generate_series(1, ${count / 20});
  INSERT INTO dead_letters (state, stream_sequence, stream_time, subject, content_type, payload, actor, request_id,
      program_id, transaction_id, refund_id, reason, detail, attempts, retry_at, create_time)
    SELECT CASE WHEN n % 10 = 0 THEN 'WAITING' ELSE 'DEAD' END, n, now(), 'loyalty.earn.v1.wine-dine',
      'application/protobuf', repeat('x', 200)::bytea, '', '', 'wine-dine', 'dead-' || n, '', 'VALIDATION_FAILED', '', 1,
      now() + n * interval '1 second', now()
    FROM generate_series(1, ${count / 20}) AS n;
  DROP TABLE crowd`;
