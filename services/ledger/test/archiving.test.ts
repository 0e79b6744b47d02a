import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@loyalty/local/test-patience.ts';
import { Redemption_State } from '@loyalty/proto/loyalty/ledger/v1/redemption_pb.ts';
import { RedeemRequest_Capture } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import { Program_State } from '@loyalty/proto/loyalty/programs/v1/program_pb.ts';
import pg from 'pg';
import { createCustomMember, createCustomProgram, fixed } from './custom-program.ts';
import { holdsOf } from './hold-requests.ts';
import { type MovingSetting, secondMs, startMovingSetting } from './moving-clock.ts';
import { admin, checkout, purchase, refusalOf, tokenOf } from './running-ledger.ts';

let setting: MovingSetting;
beforeAll(async () => {
  setting = await startMovingSetting();
});
afterAll(() => setting.stop());

const { hold, balanceOf, stateOf } = holdsOf(() => setting);
const rewards = [fixed('glass', 10n)];

async function suspend(programId: string) {
  await setting.clients.programs.suspendProgram({ programId }, admin);
}

async function archive(programId: string): Promise<Program_State | undefined> {
  const { program } = await setting.clients.programs.archiveProgram({ programId }, admin);
  return program?.state;
}

/** Alice's hold of a minute, in a program that is suspended. */
async function heldInSuspended() {
  const member = await createCustomMember(setting, { dollars: 25, rewards });
  const held = await hold(member, { holdSeconds: 60 });
  await suspend(member.programId);
  return held;
}

describe('a program with an open hold', () => {
  test('is not archived, and the refusal tells how to go on', async () => {
    const { programId } = await heldInSuspended();
    const refusal = await refusalOf(archive(programId));
    expect(refusal).toMatchObject({
      code: 9,
      reason: 'ILLEGAL_TRANSITION',
      metadata: { from: 'SUSPENDED with open holds', to: 'ARCHIVED' },
    });
    expect(refusal.message).toMatch(/capture or cancel .* list of open holds/);
    const { program } = await setting.clients.programs.getProgram({ programId }, admin);
    expect(program?.state).toBe(Program_State.SUSPENDED);
  });

  test.each(['cancelRedemption', 'captureRedemption'] as const)(
    'is archived after %s',
    async (verb) => {
      const held = await heldInSuspended();
      await refusalOf(archive(held.programId));
      await setting.clients.redemptions[verb](held, checkout);
      expect(await archive(held.programId)).toBe(Program_State.ARCHIVED);
    },
  );

  test('is archived from the end of the hold on, written or not', async () => {
    const { programId, redemptionId } = await heldInSuspended();
    const database = new pg.Client(setting.databaseUrl);
    await database.connect();
    try {
      // Nobody else can write to the membership now, no job either.
      await database.query('BEGIN');
      await database.query('SELECT 1 FROM memberships WHERE program_id = $1 FOR UPDATE', [
        programId,
      ]);
      setting.letPass(60 * secondMs);
      expect(await archive(programId)).toBe(Program_State.ARCHIVED);
      const { rows } = await database.query(
        'SELECT state FROM redemptions WHERE redemption_id = $1',
        [redemptionId],
      );
      expect(rows).toEqual([{ state: 'RESERVED' }]);
    } finally {
      await database.end();
    }
  });

  test('is not in the way of another one', async () => {
    const { programId } = await heldInSuspended();
    const other = await createCustomProgram(setting, {});
    await suspend(other);
    expect(await archive(other)).toBe(Program_State.ARCHIVED);
    await refusalOf(archive(programId));
  });
});

test('while the ledger is away a draft can be archived, and what was opened has to wait', async () => {
  const opened = await createCustomProgram(setting, {});
  await suspend(opened);
  const archived = await createCustomProgram(setting, {});
  await suspend(archived);
  await archive(archived);
  const draft = `p-${randomUUID().slice(0, 18)}`;
  const program = { programId: draft, displayName: 'Never opened' };
  await setting.clients.programs.createProgram({ program }, admin);

  await setting.stopLedger();
  expect(await refusalOf(archive(opened))).toMatchObject({
    code: 14,
    reason: 'SERVICE_UNAVAILABLE',
    metadata: { programId: opened },
    retryAfterMs: expect.any(Number),
  });
  const { program: still } = await setting.clients.programs.getProgram(
    { programId: opened },
    admin,
  );
  expect(still?.state).toBe(Program_State.SUSPENDED);
  expect(await archive(draft)).toBe(Program_State.ARCHIVED);
  expect(await archive(archived)).toBe(Program_State.ARCHIVED);

  await setting.startLedger();
  await eventually(async () => expect(await archive(opened)).toBe(Program_State.ARCHIVED));
});

describe('the open holds of a program', () => {
  /** Holds of that many seconds each, one by each of as many members; answers the members. */
  async function holdFor(programId: string, ...seconds: number[]): Promise<string[]> {
    const { memberships, ledger } = setting.clients;
    return await Promise.all(
      seconds.map(async (holdSeconds, index) => {
        const member = { programId, userId: `user-${index}` };
        await memberships.joinProgram(member, checkout);
        const gift = { points: 10n, reason: 'a gift', idempotencyKey: 'gift' };
        await ledger.adjustBalance({ ...member, ...gift }, admin);
        await hold(member, { holdSeconds });
        return member.userId;
      }),
    );
  }

  test('are listed page by page, those that end first first, for all members', async () => {
    const programId = await createCustomProgram(setting, { rewards });
    await holdFor(programId, 300, 100, 500, 200, 400);
    const found: string[] = [];
    let pageToken = '';
    do {
      const page = await setting.clients.redemptions.listOpenHolds(
        { programId, pageSize: 2, pageToken },
        checkout,
      );
      expect(page.redemptions.length).toBeLessThanOrEqual(2);
      found.push(...page.redemptions.map(({ userId }) => userId));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    expect(found).toEqual(['user-1', 'user-3', 'user-0', 'user-4', 'user-2']);
  });

  test('that end at the same instant are all listed', async () => {
    const programId = await createCustomProgram(setting, { rewards });
    const users = await holdFor(programId, ...Array<number>(6).fill(600));
    const database = new pg.Client(setting.databaseUrl);
    await database.connect();
    try {
      await database.query(
        `UPDATE redemptions SET hold_expires_at = date_trunc('hour', now()) + interval '1 day'
         WHERE program_id = $1`,
        [programId],
      );
    } finally {
      await database.end();
    }
    const { redemptions } = setting.clients;
    const first = await redemptions.listOpenHolds({ programId, pageSize: 4 }, admin);
    const pageToken = first.nextPageToken;
    const second = await redemptions.listOpenHolds({ programId, pageSize: 4, pageToken }, admin);
    const found = [...first.redemptions, ...second.redemptions].map(({ userId }) => userId);
    expect(found.toSorted()).toEqual(users);
    expect(second.nextPageToken).toBe('');
  });

  test('are shown as the redemptions that they are, without those that are over', async () => {
    const programId = await createCustomProgram(setting, { rewards });
    await holdFor(programId, 60, 120, 180, 240);
    const { redemptions } = setting.clients;
    const openHolds = async () =>
      (await redemptions.listOpenHolds({ programId }, checkout)).redemptions;
    const [ending, captured, cancelled, open] = await openHolds();
    for (const [verb, redemption] of [
      ['captureRedemption', captured],
      ['cancelRedemption', cancelled],
    ] as const) {
      const { userId = '', redemptionId = '' } = redemption ?? {};
      await redemptions[verb]({ programId, userId, redemptionId }, checkout);
    }
    expect(await openHolds()).toEqual([ending, open]);
    setting.letPass(60 * secondMs);
    expect(await openHolds()).toEqual([open]);
    const { userId = '', redemptionId = '' } = open ?? {};
    const { redemption } = await redemptions.getRedemption(
      { programId, userId, redemptionId },
      checkout,
    );
    expect(open).toEqual(redemption);
  });

  test('are none where nobody holds anything, and unknown of a program that doesn’t exist', async () => {
    const { redemptions } = setting.clients;
    const programId = await createCustomProgram(setting, {});
    const none = await redemptions.listOpenHolds({ programId }, admin);
    expect(none).toMatchObject({ redemptions: [], nextPageToken: '' });
    const unknown = redemptions.listOpenHolds({ programId: 'no-such-program' }, admin);
    expect(await refusalOf(unknown)).toMatchObject({ code: 5, reason: 'PROGRAM_NOT_FOUND' });
  });

  test('are not for members, nor for tokens of other programs', async () => {
    const { programId } = await heldInSuspended();
    const { redemptions, programs } = setting.clients;
    const elsewhere = await tokenOf('admin', 'ann', ['another-program']);
    for (const caller of [await tokenOf('member', 'alice'), elsewhere]) {
      const list = redemptions.listOpenHolds({ programId }, caller);
      expect(await refusalOf(list)).toMatchObject({ code: 7, reason: 'PERMISSION_DENIED' });
    }
    const here = await tokenOf('admin', 'ann', [programId]);
    expect((await redemptions.listOpenHolds({ programId }, here)).redemptions).toHaveLength(1);
    // Who reaches this program only can archive it too.
    expect(await refusalOf(programs.archiveProgram({ programId }, here))).toMatchObject({
      reason: 'ILLEGAL_TRANSITION',
    });
  });

  test('are paged with tokens of their own', async () => {
    const programId = await createCustomProgram(setting, { rewards });
    await holdFor(programId, 60, 120);
    const { redemptions } = setting.clients;
    const { nextPageToken } = await redemptions.listOpenHolds({ programId, pageSize: 1 }, admin);
    const other = await createCustomProgram(setting, {});
    for (const request of [
      { programId: other, pageToken: nextPageToken },
      { programId, pageSize: -1 },
    ]) {
      expect(await refusalOf(redemptions.listOpenHolds(request, admin))).toMatchObject({
        reason: 'VALIDATION_FAILED',
      });
    }
  });
});

test('holds that a ledger took before it heard of the end can only time out', async () => {
  // It hears of changes only when it asks for them, once in a second.
  const cutOff = await setting.startReplica({ natsUrl: 'nats://127.0.0.1:1' });
  try {
    const { memberships, ledger, redemptions } = cutOff.clients;
    const holdAfterEnd = async () => {
      const member = await createCustomMember(setting, { dollars: 30, rewards });
      // From here on it knows the program as it is now.
      await memberships.joinProgram(member, checkout);
      await suspend(member.programId);
      expect(await archive(member.programId)).toBe(Program_State.ARCHIVED);
      const { HOLD } = RedeemRequest_Capture;
      const glass = { ...member, rewardId: 'glass', capture: HOLD, holdSeconds: 60 };
      return await Promise.all(
        ['first', 'second'].map(async (idempotencyKey) => {
          const answer = await redemptions.redeem({ ...glass, idempotencyKey }, checkout);
          return { ...member, redemptionId: answer.redemption?.redemptionId ?? '' };
        }),
      );
    };
    // Where it asked in between, with the next program.
    const [first, second] = await eventually(holdAfterEnd);
    if (!first || !second) throw new Error('not all holds were made');
    await eventually(async () => {
      const earn = ledger.earn({ ...first, transaction: purchase(0) }, checkout);
      expect((await refusalOf(earn)).metadata).toMatchObject({ state: 'ARCHIVED' });
    });

    for (const call of [
      redemptions.captureRedemption(first, checkout),
      redemptions.cancelRedemption(second, checkout),
    ]) {
      expect(await refusalOf(call)).toMatchObject({ reason: 'PROGRAM_NOT_ACTIVE' });
    }
    expect(await balanceOf(first)).toMatchObject({ available: 10n, reserved: 20n });
    setting.letPass(60 * secondMs);
    for (const held of [first, second]) {
      expect(await stateOf(held)).toBe(Redemption_State.EXPIRED);
    }
    expect(await balanceOf(first)).toMatchObject({ available: 30n, reserved: 0n });
  } finally {
    await cutOff.stop();
  }
});
