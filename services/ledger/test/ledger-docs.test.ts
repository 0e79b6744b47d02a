import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { RateAward_Mode as Mode } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { membershipEtag } from '../src/domain/etag.ts';
import { eventInvariant } from '../src/verify/event-invariant.ts';
import { sqlInvariants } from '../src/verify/invariants.ts';
import {
  aProgram,
  aPurchase,
  aRedemption,
  aRuleSet,
  author,
  rewards,
  startUseCases,
} from './commit-fixture.ts';

const page = readFileSync(new URL('../../../docs/ledger.md', import.meta.url), 'utf8');

const unwrapped = page.replace(/\s+/g, ' ');

/** The example program of the page. */
const program = aProgram({
  ruleSets: [
    aRuleSet({
      earnRules: [
        {
          ruleId: 'base',
          award: {
            case: 'rate',
            value: {
              points: 1n,
              per: { currencyCode: 'USD', minorUnits: 100n },
              mode: Mode.PROPORTIONAL,
            },
          },
        },
      ],
      maturation: { policy: { case: 'after', value: { days: 14 } } },
      expiry: { policy: { case: 'after', value: { period: { case: 'days', value: 60 } } } },
    }),
  ],
  rewards: rewards({
    programId: 'wine-dine',
    rewardId: 'glass',
    displayName: 'A glass of wine',
    price: { case: 'fixed', value: { points: 10n } },
  }),
});

/** 5 points per 100.00 USD, in whole steps. */
const inSteps = aProgram({ programId: 'in-steps' });

let ledger: Awaited<ReturnType<typeof startUseCases>>;
beforeEach(async () => {
  ledger = await startUseCases(program, inSteps);
});
afterEach(() => ledger.stop());

const member = { programId: 'wine-dine', userId: 'alice' };

function on(date: string): void {
  ledger.setClock(new Date(`${date}T12:00:00Z`));
}

/** Reports a purchase of `dollars` US dollars as it happens. */
async function buy(date: string, dollars: number): Promise<string> {
  on(date);
  const { earn } = await ledger.earn(
    aPurchase({ ...member, minorUnits: BigInt(dollars * 100), occurTime: new Date(`${date}Z`) }),
    author,
  );
  return earn.transactionId;
}

async function redeem(
  quantity: number,
  capture: 'IMMEDIATE' | 'HOLD' = 'IMMEDIATE',
  holdSeconds?: number,
) {
  const { redemption } = await ledger.redeem(
    aRedemption({ ...member, quantity, capture, holdSeconds }),
    author,
  );
  return { ...member, redemptionId: redemption.redemptionId };
}

async function adjust(
  points: bigint,
  changes: Partial<Parameters<typeof ledger.adjust>[0]> = {},
): Promise<void> {
  const request = { idempotencyKey: String(points), reason: 'a correction', allowDeficit: false };
  await ledger.adjust({ ...member, points, ...request, ...changes }, author);
}

async function refund(transactionId: string, dollars?: number, programId = 'wine-dine') {
  const answer = await ledger.reverseEarn(
    {
      programId,
      transactionId,
      refundId: String(dollars ?? 'all'),
      extent:
        dollars === undefined
          ? { kind: 'FULL' }
          : {
              kind: 'AMOUNT',
              amount: { currencyCode: 'USD', minorUnits: BigInt(dollars * 100) },
            },
    },
    author,
  );
  return answer.refund;
}

interface JournalEntry {
  kind: string;
  date: string;
  changes: string[];
  balance_after: bigint;
  lots: [lot: string, points: string][];
}

/** Alice's journal as the page prints it. Lots are called A, B, … in the order in which they come up. */
async function journal(): Promise<string> {
  const { rows } = await ledger.pool.query<JournalEntry>(
    `SELECT kind, to_char(create_time AT TIME ZONE 'UTC', 'FMDD Mon') AS date,
       ARRAY[available, pending, reserved, deficit]::text[] AS changes, balance_after,
       coalesce((
         SELECT json_agg(json_build_array(available_at || ' ' || expires_at, moved.points::text) ORDER BY expires_at)
         FROM (
           SELECT available_at, expires_at, points FROM allocations
           WHERE (membership_id, sequence) = (entries.membership_id, entries.sequence)
           UNION ALL
           SELECT available_at, expires_at, entries.available + entries.pending FROM earns
           WHERE (membership_id, sequence) = (entries.membership_id, entries.sequence)
         ) AS moved
       ), '[]') AS lots
     FROM entries ORDER BY sequence`,
  );
  const names: string[] = [];
  const nameOf = (lot: string) => {
    if (!names.includes(lot)) names.push(lot);
    return String.fromCharCode('A'.charCodeAt(0) + names.indexOf(lot));
  };
  const lines = rows
    .filter(({ kind }) => kind !== 'JOINED')
    .map(({ date, kind, changes, balance_after: after, lots }) => {
      const moved = lots.map(([lot, points]) => `${nameOf(lot)} ${signed(points)}`).join(', ');
      return `| ${[date, kind, ...changes.map(signed), after, moved].join(' | ')} |`;
    });
  return [
    '| | | available | pending | reserved | deficit | available after | lots |',
    '|---|---|--:|--:|--:|--:|--:|---|',
    ...lines,
  ].join('\n');
}

/** What became of Alice's attributes, as the page prints it. */
async function attributesJournal(): Promise<string> {
  const { rows } = await ledger.pool.query<{
    kind: string;
    date: string;
    before: Record<string, string> | null;
    after: Record<string, string> | null;
    etag: string;
  }>(
    `SELECT kind, to_char(create_time AT TIME ZONE 'UTC', 'FMDD Mon') AS date,
       attributes_before AS before, attributes_after AS after,
       count(attributes_after) OVER (ORDER BY sequence) || '.' || sequence AS etag
     FROM entries ORDER BY sequence`,
  );
  const text = (attributes: Record<string, string> | null) =>
    attributes === null
      ? 'as they were'
      : Object.entries(attributes)
          .map((entry) => entry.join(' '))
          .toSorted()
          .join(', ');
  return [
    '| | | attributes before | attributes after | etag |',
    '|---|---|---|---|---|',
    ...rows.map(
      ({ date, kind, before, after, etag }) =>
        `| ${[date, kind, text(before), text(after), etag].join(' | ')} |`,
    ),
  ].join('\n');
}

function signed(points: string): string {
  if (points === '0') return '';
  return points.startsWith('-') ? `−${points.slice(1)}` : `+${points}`;
}

/** From when to when each of Alice's lots with two dates lives, as the page puts it. */
async function lifetimes(): Promise<string[]> {
  const { rows } = await ledger.pool.query<{ lives: string }>(
    `SELECT to_char(available_at AT TIME ZONE 'UTC', '"matures on "FMDD FMMonth')
       || to_char(expires_at AT TIME ZONE 'UTC' - interval '1 day', '" and lives to the end of "FMDD FMMonth') AS lives
     FROM lots WHERE isfinite(available_at) AND isfinite(expires_at)`,
  );
  return rows.map(({ lives }) => lives);
}

/** What GetBalance says, as the page puts it. */
async function balance(): Promise<string> {
  const { available, pending, reserved, deficit } = await ledger.balance('alice');
  return `available ${available}, pending ${pending}, reserved ${reserved}, deficit ${deficit}`;
}

describe('docs/ledger.md', () => {
  test('says truly how lots are filled and spent', async () => {
    await buy('2026-03-01', 100);
    await buy('2026-03-10', 50);
    for (const lives of await lifetimes()) expect(unwrapped).toContain(lives);
    on('2026-03-20');
    expect(unwrapped).toContain(`On 20 March: ${await balance()}`);
    await redeem(3);
    on('2026-03-25');
    await redeem(9);
    on('2026-05-30');
    expect(unwrapped).toContain(`On 30 May: ${await balance()}`);
    await ledger.bringDueUpToDate(10);
    expect(page).toContain(await journal());
  });

  test('says truly what becomes of a hold', async () => {
    await buy('2026-03-01', 25);
    await buy('2026-03-05', 25);
    on('2026-03-20');
    const hold = await redeem(4, 'HOLD');
    await ledger.capture({ ...hold, part: { kind: 'QUANTITY', quantity: 3 } }, author);
    await ledger.reverse(
      { ...hold, idempotencyKey: 'key', part: { kind: 'QUANTITY', quantity: 1 } },
      author,
    );
    expect(page).toContain(await journal());
  });

  test('says truly that time counts whether or not somebody wrote it down', async () => {
    await buy('2026-03-01', 100);
    on('2026-03-20');
    await redeem(4, 'HOLD');
    on('2026-05-15');
    const before = await balance();
    expect(unwrapped).toContain(`On 15 May: ${before}`);
    await ledger.bringDueUpToDate(10);
    expect(await balance()).toBe(before);
    expect(page).toContain(await journal());
  });

  test('says truly who pays for a refund', async () => {
    const first = await buy('2026-03-01', 100);
    await buy('2026-03-05', 30);
    on('2026-03-20');
    await redeem(9);
    const { points, taken, lapsed, owed, forgiven } = await refund(first);
    expect(unwrapped).toContain(
      `points ${points} = taken ${taken} + lapsed ${lapsed} + owed ${owed} + forgiven ${forgiven}`,
    );
    await buy('2026-03-21', 80);
    on('2026-04-10');
    await ledger.bringDueUpToDate(10);
    expect(page).toContain(await journal());
  });

  test('says truly what a refund of points costs that are gone already', async () => {
    const first = await buy('2026-03-01', 100);
    on('2026-03-20');
    await redeem(7);
    on('2026-05-20');
    const { points, taken, lapsed, owed, forgiven } = await refund(first);
    expect(unwrapped).toContain(
      `points ${points} = taken ${taken} + lapsed ${lapsed} + owed ${owed} + forgiven ${forgiven}`,
    );
  });

  test('says truly where a series of refunds ends', async () => {
    on('2026-03-01');
    const report = aPurchase({
      ...member,
      minorUnits: 25_000n,
      occurTime: new Date('2026-03-01Z'),
    });
    await ledger.earn({ ...report, programId: inSteps.programId }, author);
    let left = 250;
    const lines: string[] = [];
    for (const dollars of [60, 100, 90]) {
      const { points } = await refund(report.purchase.transactionId, dollars, inSteps.programId);
      left -= dollars;
      lines.push(`| ${dollars}.00 USD | ${left}.00 USD | ${points} |`);
    }
    expect(page).toContain(lines.join('\n'));
  });

  test('members: attributes by backends, kept by who leaves and comes back', async () => {
    const update = (set: Record<string, string>, removed: string[] = []) =>
      ledger.update({ ...member, attributes: { kind: 'MERGE', set, removed }, etags: [] }, author);
    on('2026-03-01');
    await ledger.join({ ...member, attributes: { tier: 'gold' }, byMember: false }, author);
    on('2026-03-02');
    await update({ shop: 'paris' });
    on('2026-03-03');
    await ledger.leave({ ...member, byMember: true }, author);
    on('2026-03-04');
    await ledger.join({ ...member, attributes: {}, byMember: true }, author);
    on('2026-03-05');
    const { membership } = await update({}, ['tier']);
    const printed = await attributesJournal();
    expect(page).toContain(printed);
    expect(printed).toContain(`| ${membershipEtag(membership, undefined)} |`);
  });

  test('says truly what adjustments give and take', async () => {
    on('2026-03-01');
    await ledger.join({ ...member, attributes: {}, byMember: false }, author);
    await adjust(20n, { expireTime: Date.parse('2026-06-01Z') });
    await adjust(50n, { availableTime: Date.parse('2026-03-10Z') });
    const [lives = ''] = await lifetimes();
    expect(unwrapped).toContain(lives.replace('matures on 10 March and', 'Lot B'));
    on('2026-03-12');
    await adjust(-60n);
    on('2026-03-13');
    await adjust(-30n, { allowDeficit: true });
    expect(page).toContain(await journal());
  });

  test('says truly what leaving takes, and what becomes of what comes back', async () => {
    await buy('2026-03-01', 100);
    await buy('2026-03-10', 50);
    on('2026-04-20');
    await redeem(10, 'HOLD', 30 * 24 * 3_600);
    const glass = await redeem(1);
    on('2026-05-16');
    await ledger.leave({ ...member, byMember: false }, author);
    on('2026-05-17');
    await ledger.reverse({ ...glass, idempotencyKey: 'key', part: { kind: 'ALL' } }, author);
    expect(page).toContain(await journal());
  });

  test('names every invariant that is verified', () => {
    const lines = [...sqlInvariants, eventInvariant]
      .toSorted((a, b) => a.id.localeCompare(b.id))
      .map(({ id, name, meaning }) => `| ${id} | ${name} | ${meaning} |`);
    expect(page).toContain(lines.join('\n'));
  });
});
