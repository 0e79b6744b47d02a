const alice = `membership_id = (SELECT membership_id FROM memberships WHERE user_id = 'alice')`;
const bob = `membership_id = (SELECT membership_id FROM memberships WHERE user_id = 'bob')`;
/** The lot that alice's first purchase gave to, and that she spent first. */
const firstLot = `available_at = '2026-03-15Z' AND ${alice}`;

/** A way to break the books of the busy ledger. */
export interface Breakage {
  readonly broken: string;
  readonly sql: string;
  /** The invariants that notice, and no others. */
  readonly noticed: readonly string[];
  /** What an offender's line has to say. */
  readonly offender: RegExp;
}

export const breakages: readonly Breakage[] = [
  {
    broken: 'a balance that no entry gave',
    sql: `UPDATE memberships SET available = available + 1 WHERE ${alice}`,
    noticed: ['I1 balances', 'I1 lots'],
    offender: /^membership \d+: available, pending, reserved, deficit are \(\d+,/,
  },
  {
    broken: 'points moved from one lot to another',
    sql: `UPDATE lots SET remaining = remaining + CASE expires_at WHEN '2026-04-19Z' THEN 1 ELSE -1 END
      WHERE ${alice} AND available_at < '2026-04-01'`,
    noticed: ['I1 lot contents'],
    offender: /^membership \d+, lot \(.*NORMAL\): holds \d+, its movements sum to \d+$/,
  },
  {
    broken: 'points that lapsed without an entry',
    sql: 'UPDATE lapsed_lots SET lapsed = lapsed + 1',
    noticed: ['I1 lapsed lots'],
    offender: /lapsed, lapsed_refunded are/,
  },
  {
    broken: 'a wrong total',
    sql: `UPDATE memberships SET lifetime_redeemed = lifetime_redeemed + 1 WHERE ${alice}`,
    noticed: ['I1 lifetime totals'],
    offender: /lifetime earned, redeemed, expired are/,
  },
  {
    broken: 'points that should have paid a debt',
    sql: `ALTER TABLE memberships DROP CONSTRAINT memberships_deficit_first;
      INSERT INTO entries SELECT membership_id, last_sequence + 1, 'ADJUST', 1, 1, 0, 0, 0, available + 1,
        NULL, NULL, NULL, NULL, 'nobody', '', last_entry_time, NULL, NULL, NULL, NULL, NULL, program_id,
        NULL, NULL, deficit
        FROM memberships WHERE ${bob};
      INSERT INTO allocations SELECT membership_id, last_sequence + 1, '-infinity', 'infinity', 'NORMAL', 1
        FROM memberships WHERE ${bob};
      INSERT INTO lots SELECT membership_id, '-infinity', 'infinity', 'NORMAL', 1
        FROM memberships WHERE ${bob};
      INSERT INTO requests SELECT membership_id, 'ADJUST', 'key', '', last_sequence + 1
        FROM memberships WHERE ${bob};
      UPDATE memberships SET available = available + 1, last_sequence = last_sequence + 1 WHERE ${bob}`,
    noticed: ['I1 deficit first'],
    offender: /owes 40 and has 1 available$/,
  },
  {
    broken: 'a member who left and kept their points',
    sql: `UPDATE memberships SET state = 'LEFT' WHERE ${alice}`,
    noticed: ['I1 left'],
    offender: /^membership \d+: is LEFT and has available, pending, reserved \(\d+,\d+,\d+\)$/,
  },
  {
    broken: 'a membership of somebody else',
    sql: `UPDATE member_ids SET user_id = 'mallory' WHERE ${alice}`,
    noticed: ['I1 members'],
    offender: /^user (alice|mallory) of wine-dine/,
  },
  {
    broken: 'an attribute that no entry set',
    sql: `UPDATE memberships SET attributes = '{"tier": "gold"}' WHERE ${alice}`,
    noticed: ['I1 attributes'],
    offender: /^membership \d+: attributes are .*gold.*, changed 0 times; its entries left {} in 0/,
  },
  {
    broken: 'a change of attributes that starts from others',
    sql: `UPDATE entries SET attributes_before = '{"tier": "silver"}' WHERE kind = 'UPDATED'`,
    noticed: ['I1 attributes'],
    offender: /in 1 changes, not one from the other$/,
  },
  {
    broken: 'an update that doesn’t say what it changed',
    sql: `UPDATE entries SET attributes_before = NULL, attributes_after = NULL WHERE kind = 'UPDATED';
      UPDATE memberships SET attributes = '{}', attributes_revision = 0`,
    noticed: ['I1 attributes'],
    offender: /^membership \d+, entry \d+ \(UPDATED\): left the attributes as they were$/,
  },
  {
    broken: 'a member made older than they are',
    sql: `UPDATE memberships SET join_time = join_time - interval '1 year' WHERE ${alice}`,
    noticed: ['I1 join time'],
    offender: /^membership \d+: joined at 2025-03-01.*, its last JOINED entry says 2026-03-01/,
  },
  {
    broken: 'a date of inactivity that no activity set',
    sql: `UPDATE memberships SET inactivity_expires_at = '2030-01-01Z' WHERE ${alice}`,
    noticed: ['I1 inactivity date'],
    offender: /inactivity_expires_at is 2030-01-01.*, its entries moved it to nothing$/,
  },
  {
    broken: 'a date of inactivity that went back',
    sql: `UPDATE entries SET inactivity_expires_at = CASE sequence WHEN 1 THEN '2031-01-01Z'::timestamptz
        ELSE '2030-01-01Z' END WHERE ${alice} AND sequence < 3;
      UPDATE memberships SET inactivity_expires_at = '2031-01-01Z' WHERE ${alice}`,
    noticed: ['I1 inactivity date'],
    offender: /its entries moved it to 2031-01-01.*, 2030-01-01/,
  },
  {
    broken: 'a hold that should have ended before the last entry',
    sql: `UPDATE redemptions SET hold_expires_at = '2026-03-20T12:00Z' WHERE state = 'RESERVED';
      UPDATE memberships SET next_due_at = '2026-03-20T12:00Z' WHERE ${alice}`,
    noticed: ['I1 up to date'],
    offender:
      /^membership \d+: its last entry is of 2026-03-20 12:00.*, and the hold \S+ ends at 2026-03-20 12:00/,
  },
  {
    broken: 'a membership that is never due',
    sql: `UPDATE memberships SET next_due_at = 'infinity' WHERE ${alice}`,
    noticed: ['I1 next due'],
    offender:
      /^membership \d+: is due at infinity, and the (lot|hold) .* (matures|expires|ends) at 2026/,
  },
  {
    broken: 'a counter below zero',
    sql: `ALTER TABLE cap_usage DROP CONSTRAINT cap_usage_not_negative;
      INSERT INTO cap_usage SELECT membership_id, 'base', 'DAY', '2026-03-01Z', -1
        FROM memberships WHERE ${alice}`,
    noticed: ['I2 never negative'],
    offender: /cap of rule base in DAY .*: -1 points/,
  },
  {
    broken: 'a balance that was below zero for a while',
    sql: `UPDATE entries SET reserved = CASE kind WHEN 'JOINED' THEN -1 ELSE 1 END
      WHERE ${alice} AND kind IN ('JOINED', 'SUSPENDED')`,
    noticed: ['I2 never was negative', 'I4 chain'],
    offender: /entry 1: available, pending, reserved, deficit were \(0,0,-1,0\)$/,
  },
  {
    broken: 'a credit that its entry gives to another transaction',
    sql: `UPDATE entries SET transaction_id = 'order-7' WHERE kind = 'EARN' AND transaction_id = 'order-1'`,
    noticed: ['I3 earn entries'],
    offender: /^transaction order-1 of wine-dine: credited 10 points/,
  },
  {
    broken: 'a transaction credited twice',
    sql: `UPDATE entries SET kind = 'EARN', transaction_id = 'order-1', program_id = NULL WHERE kind = 'RESUMED'`,
    noticed: ['I3 earn entries'],
    offender: /^transaction order-1 of wine-dine/,
  },
  {
    broken: 'a refund that missed its transaction',
    sql: `INSERT INTO refunds SELECT program_id, 'order-1', 'late', state, fingerprint, extent, points, taken,
        lapsed, owed, forgiven, create_time, arrival FROM refunds WHERE state = 'WAITING'`,
    noticed: ['I3 refunds'],
    offender: /^transaction order-1 of wine-dine: POSTED, 0 of 10 .* 1 waiting$/,
  },
  {
    broken: 'a refund without an entry',
    sql: `UPDATE entries SET refund_id = 'another' WHERE kind = 'REFUND' AND transaction_id = 'order-5'`,
    noticed: ['I3 refund entries'],
    offender: /^refund (refund-1|another) of transaction order-5 of wine-dine/,
  },
  {
    broken: 'an adjustment whose key is forgotten',
    sql: `DELETE FROM requests WHERE idempotency_key = 'adjust 7'`,
    noticed: ['I3 requests'],
    offender: /^membership \d+, entry \d+: ADJUST, asked for by 0 requests \(none\)$/,
  },
  {
    broken: 'keys that stand for something else',
    sql: 'UPDATE requests SET sequence = 1',
    noticed: ['I3 requests'],
    offender:
      /^membership \d+, entry \d+: (ADJUST|RETURN|no ADJUST or RETURN), asked for by \d requests/,
  },
  {
    broken: 'a removed entry',
    sql: `DELETE FROM entries WHERE kind = 'RESUMED'`,
    noticed: ['I4 chain'],
    offender: /^membership \d+, entry 7: follows entry 5/,
  },
  {
    broken: 'an entry with another balance after it',
    sql: `UPDATE entries SET balance_after = balance_after + 1 WHERE kind = 'REJECT'`,
    noticed: ['I4 chain'],
    offender: /after it are \(1,0,0,40\) instead of \(0,0,0,40\)/,
  },
  {
    broken: 'an entry with other reserved points after it',
    sql: `UPDATE entries SET reserved_after = reserved_after + 1 WHERE kind = 'RESERVE'`,
    noticed: ['I4 chain'],
    offender: /after it are \(\d+,0,\d+,0\) instead of \(\d+,0,\d+,0\)/,
  },
  {
    broken: 'an entry that notes a date of its lots that they never had',
    sql: `UPDATE entries SET lots_expire_at = '2031-01-01Z' WHERE kind = 'RESERVE'`,
    noticed: ['I4 dates of lots'],
    offender: /^membership \d+, entry \d+: notes 2031-01-01 .*, and they were last moved to /,
  },
  {
    broken: 'an entry that a membership expects and that is not there',
    sql: `UPDATE memberships SET last_sequence = last_sequence + 1 WHERE ${alice}`,
    noticed: ['I4 last entry'],
    offender: /^membership \d+: knows entry/,
  },
  {
    broken: 'an entry that the list of its program lacks',
    sql: `UPDATE entries SET program_id = NULL WHERE kind = 'RESUMED'`,
    noticed: ['I4 programs of entries'],
    offender: /^membership \d+, entry \d+ \(RESUMED\): has the program none instead of wine-dine$/,
  },
  {
    broken: 'an entry in the list of another program',
    sql: `UPDATE entries SET program_id = 'another' WHERE kind = 'CAPTURE'`,
    noticed: ['I4 programs of entries'],
    offender: /\(CAPTURE\): has the program another instead of wine-dine$/,
  },
  {
    broken: 'a purchase that the list of its program has twice',
    sql: `UPDATE entries SET program_id = 'wine-dine' WHERE kind = 'EARN' AND transaction_id = 'order-1'`,
    noticed: ['I4 programs of entries'],
    offender: /\(EARN\): has the program wine-dine instead of none$/,
  },
  {
    broken: 'a hold that was refused after it had been made',
    sql: `UPDATE entries SET kind = 'REJECT' WHERE kind = 'RELEASE'`,
    noticed: ['I5 transitions'],
    offender: /is (CANCELLED|CAPTURED), its entries are RESERVE (CAPTURE )?REJECT$/,
  },
  {
    broken: 'a cancelled hold that says it has expired',
    sql: `UPDATE redemptions SET state = 'EXPIRED' WHERE state = 'CANCELLED'`,
    noticed: ['I5 deadlines'],
    offender: /^redemption \S+ of membership \d+: is EXPIRED, .* its deadline is 2026-03-20 12:15/,
  },
  {
    broken: 'a hold without a deadline',
    sql: `UPDATE redemptions SET hold_expires_at = NULL WHERE state = 'RESERVED'`,
    noticed: ['I5 deadlines'],
    offender: /is RESERVED, .* its deadline is $/,
  },
  {
    broken: 'a redemption that remembers other lots',
    sql: `UPDATE redemptions SET parts = '[]' WHERE state = 'CANCELLED'`,
    noticed: ['I5 redeemed points', 'I5 redeemed lots'],
    offender: /^redemption \S+ of membership \d+: CANCELLED/,
  },
  {
    broken: 'a redemption that would give its points back to another lot',
    sql: `UPDATE redemptions SET parts = jsonb_set(parts, '{0,expires_at}', '"2026-04-01T00:00:00.000Z"')
      WHERE state = 'RESERVED'`,
    noticed: ['I5 redeemed lots'],
    offender:
      /is RESERVED and remembers (0|10) of the lot \(.*\), 0 returned; its entries took (10|0), /,
  },
  {
    broken: 'a hold of more points than are reserved',
    sql: `UPDATE redemptions SET points = 11, parts = jsonb_set(parts, '{0,points}', '"11"')
      WHERE state = 'RESERVED'`,
    noticed: ['I5 holds', 'I5 redeemed lots'],
    offender: /^membership \d+: 10 reserved, its holds have 11$/,
  },
  {
    broken: 'allocations that say something else than their entries',
    sql: `UPDATE allocations SET points = points + CASE kind WHEN 'REFUND' THEN 1 ELSE -1 END
      FROM entries WHERE entries.membership_id = allocations.membership_id
        AND entries.sequence = allocations.sequence AND kind IN ('RETURN', 'REFUND')
        AND entries.${alice}`,
    noticed: ['I6 allocation sums'],
    offender: /\((RETURN|REFUND)\): changes -?\d+ points, its allocations sum to/,
  },
  {
    broken: 'points spent after they had expired',
    sql: `UPDATE allocations SET expires_at = '2026-03-19Z' WHERE ${firstLot};
      UPDATE earns SET expires_at = '2026-03-19Z' WHERE ${firstLot};
      UPDATE redemptions SET parts = jsonb_set(parts, '{0,expires_at}', '"2026-03-19T00:00:00.000Z"')
        WHERE reward_id = 'cheese'`,
    noticed: ['I6 lot dates'],
    offender: /\(CAPTURE of 2026-03-20 .*\): took 10 from the lot/,
  },
  {
    broken: 'points spent before those that expired earlier',
    sql: `UPDATE allocations SET expires_at = '2026-05-01Z' WHERE ${firstLot};
      UPDATE earns SET expires_at = '2026-05-01Z' WHERE ${firstLot};
      UPDATE redemptions SET parts = jsonb_set(parts, '{0,expires_at}', '"2026-05-01T00:00:00.000Z"')
        WHERE reward_id = 'cheese'`,
    noticed: ['I6 consumption order', 'I6 redemption order'],
    offender: /took from the lot \(2026-03-15 .*\) and left \d+ in lots that go first$/,
  },
  {
    broken: 'points that came back to the lot that expires first',
    sql: `UPDATE redemptions SET parts = jsonb_set(jsonb_set(parts, '{0,returned}', '"10"'), '{1,returned}', '"0"')
        WHERE reward_id = 'cheese';
      UPDATE allocations SET available_at = '2026-03-15Z', expires_at = '2026-04-15Z' FROM entries
        WHERE kind = 'RETURN' AND entries.membership_id = allocations.membership_id
          AND entries.sequence = allocations.sequence;
      UPDATE lots SET remaining = remaining - 10 WHERE ${alice} AND available_at = '2026-03-19Z';
      INSERT INTO lots SELECT membership_id, '2026-03-15Z', '2026-04-15Z', 'NORMAL', 10
        FROM memberships WHERE ${alice};
      UPDATE memberships SET next_due_at = '2026-03-20T12:15Z' WHERE ${alice}`,
    noticed: ['I6 consumption order', 'I6 redemption order'],
    offender: /took from the lot \(2026-03-19 .*\) and left 10 in lots that go first$/,
  },
  {
    broken: 'stock that is taken by nobody',
    sql: 'UPDATE reward_stock SET taken = taken + 1',
    noticed: ['I8 stock'],
    offender: /^stock of reward glass of wine-dine: 7 taken, its redemptions have 6$/,
  },
  {
    broken: 'a limit that somebody else used',
    sql: `UPDATE reward_usage SET taken = taken + 1 WHERE ${alice}`,
    noticed: ['I8 member limits'],
    offender: /reward glass in MONTH .*: 3 taken, its redemptions have 2$/,
  },
  {
    broken: 'a journal that the service may rewrite',
    sql: 'GRANT UPDATE (reason) ON entries TO ledger_app; GRANT DELETE ON allocations TO ledger_app',
    noticed: ['I9 immutable journal'],
    offender: /^ledger_app has (UPDATE on entries|DELETE on allocations)$/,
  },
];
