import { type Timestamp, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Entry_Kind } from '@loyalty/proto/loyalty/ledger/v1/entry_pb.ts';
import { Membership_State } from '@loyalty/proto/loyalty/ledger/v1/membership_pb.ts';
import { Redemption_State } from '@loyalty/proto/loyalty/ledger/v1/redemption_pb.ts';
import { RedeemRequest_Capture } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import { Program_Enrollment } from '@loyalty/proto/loyalty/programs/v1/program_pb.ts';
import { createCustomMember, createCustomProgram, fixed, proportional } from './custom-program.ts';
import { dayMs, type MovingSetting, secondMs, startMovingSetting } from './moving-clock.ts';
import { admin, checkout, purchase, refusalOf, tokenOf } from './running-ledger.ts';

let setting: MovingSetting;
beforeAll(async () => {
  setting = await startMovingSetting();
});
afterAll(() => setting.stop());

const alice = await tokenOf('member', 'alice');
const rewards = [fixed('glass', 10n)];

type Member = { programId: string; userId: string };

async function lastKindOf(member: Member) {
  const { entries } = await setting.clients.ledger.listEntries(member, checkout);
  return entries[0]?.kind;
}

async function balanceOf(member: Member) {
  return (await setting.clients.ledger.getBalance(member, checkout)).balance;
}

const earn = (member: Member, dollars = 10) =>
  setting.clients.ledger.earn({ ...member, transaction: purchase(dollars * 100) }, checkout);

const redeem = (member: Member, capture: RedeemRequest_Capture = RedeemRequest_Capture.IMMEDIATE) =>
  setting.clients.redemptions.redeem(
    { ...member, rewardId: 'glass', idempotencyKey: `key-${capture}`, capture },
    checkout,
  );

interface Update {
  paths?: string[];
  etag?: string;
  caller?: typeof checkout;
}

describe('updating a member', () => {
  const update = (
    member: Member,
    attributes: Record<string, string>,
    { paths = [], etag = '', caller = checkout }: Update = {},
  ) =>
    setting.clients.memberships.updateMembership(
      { ...member, membership: { attributes }, updateMask: { paths }, etag },
      caller,
    );

  async function read(member: Member) {
    const { membership } = await setting.clients.memberships.getMembership(member, checkout);
    if (membership === undefined) throw new Error('no membership was returned');
    return membership;
  }

  test('changes what conditions ask about, from the next purchase on', async () => {
    const condition = "member.attributes['tier'] == 'gold'";
    const earnRules = [proportional(100n, { condition })];
    const member = await createCustomMember(setting, { ruleSet: { earnRules } });
    expect((await earn(member)).earn?.points).toBe(0n);
    const { membership } = await update(member, { tier: 'gold' });
    expect(membership).toMatchObject({ attributes: { tier: 'gold' } });
    expect((await earn(member)).earn?.points).toBe(10n);
    const { entries } = await setting.clients.ledger.listEntries(
      { ...member, kinds: [Entry_Kind.UPDATED] },
      checkout,
    );
    expect(entries).toMatchObject([{ points: 0n, actor: 'service:checkout' }]);
  });

  test('says in the journal what the attributes were and what they are', async () => {
    const member = await createCustomMember(setting);
    await update(member, { tier: 'gold', shop: 'paris' });
    await update(member, { shop: 'lyon' });
    const { entries } = await setting.clients.ledger.listEntries(member, checkout);
    expect(entries.map(({ attributesChange }) => attributesChange)).toMatchObject([
      { before: { tier: 'gold', shop: 'paris' }, after: { tier: 'gold', shop: 'lyon' } },
      { before: {}, after: { tier: 'gold', shop: 'paris' } },
      undefined,
    ]);
  });

  test('to what they are already leaves no entry in the journal, and the etag as it was', async () => {
    const member = await createCustomMember(setting);
    const { membership: first } = await update(member, { tier: 'gold' });
    const { membership: again } = await update(member, { tier: 'gold' });
    await update(member, {}, { paths: ['attributes.shop'] });
    expect(again).toEqual(first);
    const { entries } = await setting.clients.ledger.listEntries(member, checkout);
    expect(entries.map(({ kind }) => kind)).toEqual([Entry_Kind.UPDATED, Entry_Kind.JOINED]);
  });

  test('sets the keys that are given and leaves the others', async () => {
    const member = await createCustomMember(setting);
    await update(member, { tier: 'gold' });
    await update(member, { newsletter: 'yes' });
    expect((await read(member)).attributes).toEqual({ tier: 'gold', newsletter: 'yes' });
    const { membership: same } = await update(member, {});
    expect(same?.attributes).toEqual({ tier: 'gold', newsletter: 'yes' });
  });

  test('sets or removes the keys that the mask names, and no others', async () => {
    const member = await createCustomMember(setting);
    await update(member, { tier: 'gold', shop: 'paris', 'shoe.size': '42', toString: 'x' });
    const paths = ['attributes.tier', 'attributes.shoe.size', 'attributes.toString'];
    const { membership } = await update(member, { tier: 'silver', shop: 'lyon' }, { paths });
    expect(membership?.attributes).toEqual({ tier: 'silver', shop: 'paris' });
  });

  test.each([[['attributes']], [['*']]])(
    'replaces all attributes where the mask is %j',
    async (paths) => {
      const member = await createCustomMember(setting);
      await update(member, { tier: 'gold', shop: 'paris' });
      const { membership } = await update(member, { tier: 'silver' }, { paths });
      expect(membership?.attributes).toEqual({ tier: 'silver' });
    },
  );

  test('is refused when the attributes have changed since they were read, and only then', async () => {
    const member = await createCustomMember(setting, { rewards });
    const { etag: old } = await read(member);
    await update(member, { tier: 'gold' }, { etag: `"${old}"` });
    const { etag } = await read(member);
    const refused = { code: 10, reason: 'ETAG_MISMATCH' };
    for (const stale of [old, `"${old}"`, 'something-old', '1']) {
      const attempt = update(member, { tier: 'silver' }, { etag: stale });
      expect(await refusalOf(attempt)).toMatchObject({ ...refused, metadata: { etag } });
    }
    // A purchase changes the balance, and no attributes.
    await earn(member);
    for (const current of [etag, `W/"${etag}"`, `"${old}", "${etag}"`, '*']) {
      const { membership } = await update(member, { tier: 'gold' }, { etag: current });
      expect(membership?.attributes).toEqual({ tier: 'gold' });
    }
    const membership = { attributes: { tier: 'silver' }, etag: old };
    const { memberships } = setting.clients;
    const inBody = memberships.updateMembership({ ...member, membership }, checkout);
    expect(await refusalOf(inBody)).toMatchObject(refused);
  });

  test.each<[string, Record<string, string>, string[], string]>([
    ['a field that no member has', {}, ['tier'], 'update_mask'],
    ['a key without a name', {}, ['attributes.'], 'update_mask'],
    ['the state', {}, ['state'], 'membership.state'],
    ['the balance', {}, ['attributes', 'balance'], 'membership.balance'],
    ['the join time', {}, ['join_time'], 'membership.join_time'],
    ['a value that is too long', { tier: 'x'.repeat(513) }, ['attributes'], 'attributes["tier"]'],
    ['an empty name', { '': 'gold' }, ['attributes'], 'attributes[""]'],
    ['a NUL', { tier: 'a\0b' }, ['attributes'], 'attributes["tier"]'],
  ])('refuses %s', async (_, attributes, paths, field) => {
    const member = await createCustomMember(setting);
    const { reason, violations } = await refusalOf(update(member, attributes, { paths }));
    expect(reason).toBe('VALIDATION_FAILED');
    expect(violations?.map((violation) => violation.field).join()).toContain(field);
  });

  test('refuses by name what it can’t change, also without a mask', async () => {
    const member = await createCustomMember(setting);
    const update = async (membership: object) => {
      const request = { ...member, membership };
      const { violations } = await refusalOf(
        setting.clients.memberships.updateMembership(request, checkout),
      );
      return violations?.map(({ field }) => field);
    };
    expect(await update(await read(member))).toEqual(
      ['state', 'join_time', 'balance'].map((field) => `membership.${field}`),
    );
    expect(await update({ userId: 'bob' })).toEqual(['membership.user_id']);
    const membership = { ...member, attributes: { tier: 'gold' } };
    await setting.clients.memberships.updateMembership({ ...member, membership }, checkout);
  });

  test('refuses more attributes than a member can have, however they come', async () => {
    const many = (first: number, count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`key-${first + i}`, 'x']));
    const member = await createCustomMember(setting);
    await update(member, many(0, 30));
    const refused = {
      reason: 'VALIDATION_FAILED',
      violations: [{ field: 'membership.attributes' }],
    };
    expect(await refusalOf(update(member, many(30, 21)))).toMatchObject(refused);
    await update(member, many(30, 20));
    await update(member, many(0, 50));
    const { memberships } = setting.clients;
    await memberships.leaveProgram(member, admin);
    const joining = memberships.joinProgram({ ...member, attributes: many(50, 1) }, checkout);
    expect(await refusalOf(joining)).toMatchObject({ violations: [{ field: 'attributes' }] });
  });

  test('isn’t for members, nor for those who never joined', async () => {
    const member = await createCustomMember(setting);
    expect(await refusalOf(update(member, {}, { caller: alice }))).toMatchObject({
      reason: 'PERMISSION_DENIED',
    });
    expect(await refusalOf(update({ ...member, userId: 'nobody' }, {}))).toMatchObject({
      reason: 'MEMBERSHIP_NOT_FOUND',
    });
  });
});

describe('the etag of a member', () => {
  const etagOf = async (member: Member) =>
    (await setting.clients.memberships.getMembership(member, checkout)).membership?.etag;

  test('counts the changes of attributes, and the entries', async () => {
    const member = await createCustomMember(setting);
    expect(await etagOf(member)).toBe('0.1');
    await setting.clients.memberships.updateMembership(
      { ...member, membership: { attributes: { tier: 'gold' } } },
      checkout,
    );
    expect(await etagOf(member)).toBe('1.2');
    await earn(member);
    expect(await etagOf(member)).toBe('1.3');
    const { memberships } = await setting.clients.memberships.listMemberships(
      { userId: 'alice', pageSize: 500 },
      checkout,
    );
    const listed = memberships.find(({ programId }) => programId === member.programId);
    expect(listed?.etag).toBe('1.3');
  });

  test('changes with the balance when points mature, written or not', async () => {
    const maturation = { policy: { case: 'after', value: { days: 1 } } } as const;
    const member = await createCustomMember(setting, { ruleSet: { maturation }, dollars: 10 });
    expect(await etagOf(member)).toBe('0.2');
    setting.letPass(2 * dayMs);
    expect((await balanceOf(member))?.available).toBe(10n);
    expect(await etagOf(member)).toMatch(/^0\.(2-\d+|3)$/);
    await earn(member);
    expect(await etagOf(member)).toBe('0.4');
  });
});

describe('joining', () => {
  const gold = { tier: 'gold' };

  async function lastEntryOf(member: Member) {
    const { entries } = await setting.clients.ledger.listEntries(member, checkout);
    return entries[0];
  }

  const join = (
    member: Member,
    values: { attributes?: Record<string, string>; joinTime?: Timestamp } = {},
    caller = checkout,
  ) => setting.clients.memberships.joinProgram({ ...member, ...values }, caller);

  async function newcomer(): Promise<Member> {
    return { programId: await createCustomProgram(setting, {}), userId: 'alice' };
  }

  test('with attributes is for backends and admins, who say so in the journal', async () => {
    for (const caller of [checkout, admin]) {
      const member = await newcomer();
      const { membership } = await join(member, { attributes: gold }, caller);
      expect(membership).toMatchObject({ attributes: gold, etag: '1.1' });
      expect(await lastEntryOf(member)).toMatchObject({
        kind: Entry_Kind.JOINED,
        attributesChange: { before: {}, after: gold },
        joinTime: membership?.joinTime,
      });
    }
  });

  test('without attributes changes none', async () => {
    const member = await newcomer();
    expect((await join(member, {}, alice)).membership).toMatchObject({ etag: '0.1' });
    expect(await lastEntryOf(member)).not.toHaveProperty('attributesChange');
  });

  test('lets no member choose their own attributes or join time', async () => {
    const member = await newcomer();
    const joinTime = timestampFromMs(setting.now() - dayMs);
    const refused = await refusalOf(join(member, { attributes: gold, joinTime }, alice));
    expect(refused).toMatchObject({ code: 3, reason: 'VALIDATION_FAILED' });
    expect(refused.violations?.map(({ field }) => field)).toEqual(['attributes', 'join_time']);
    expect(refused.message).toContain('admins and services only');
  });

  test('again keeps the attributes, and merges those that a backend gives', async () => {
    const member = await newcomer();
    await join(member, { attributes: { tier: 'gold', shop: 'paris' } });
    const { memberships } = setting.clients;
    await memberships.leaveProgram(member, alice);
    const { membership: back } = await join(member, {}, alice);
    expect(back?.attributes).toEqual({ tier: 'gold', shop: 'paris' });
    expect(await lastEntryOf(member)).not.toHaveProperty('attributesChange');

    await memberships.leaveProgram(member, alice);
    const { membership, replayed } = await join(member, { attributes: { shop: 'lyon' } });
    expect(replayed).toBe(false);
    expect(membership?.attributes).toEqual({ tier: 'gold', shop: 'lyon' });
    expect(await lastEntryOf(member)).toMatchObject({
      kind: Entry_Kind.JOINED,
      attributesChange: {
        before: { tier: 'gold', shop: 'paris' },
        after: { tier: 'gold', shop: 'lyon' },
      },
    });
  });

  test('as a member changes nothing, and is refused where it would', async () => {
    const member = await newcomer();
    const joinTime = timestampFromMs(setting.now() - 30 * dayMs);
    const { membership } = await join(member, { attributes: gold, joinTime });
    for (const same of [{}, { attributes: gold }, { joinTime }, { attributes: {}, joinTime }]) {
      expect(await join(member, same)).toMatchObject({ replayed: true, membership });
    }
    const other = timestampFromMs(setting.now());
    const attributes = { tier: 'silver', shop: 'paris' };
    expect(await refusalOf(join(member, { attributes, joinTime: other }))).toMatchObject({
      code: 6,
      reason: 'ALREADY_EXISTS',
      metadata: { fields: 'attributes["tier"],attributes["shop"],join_time' },
    });
    expect(await lastEntryOf(member)).toMatchObject({ sequence: 1n });
  });

  test('at an earlier time is for members who are taken over from elsewhere', async () => {
    const condition = "now - member.join_time > duration('720h')";
    const ruleSet = { earnRules: [proportional(100n, { condition })] };
    const member = { programId: await createCustomProgram(setting, { ruleSet }), userId: 'alice' };
    const { nanos, seconds } = timestampFromMs(setting.now() - 400 * dayMs);
    const joinTime = { seconds, nanos: nanos + 999_999 } as Timestamp;
    const { membership } = await join(member, { joinTime });
    expect(membership?.joinTime).toMatchObject({ seconds, nanos });
    const entry = await lastEntryOf(member);
    expect(entry?.joinTime).toEqual(membership?.joinTime);
    expect(Number(entry?.createTime?.seconds)).toBeGreaterThan(Number(seconds));
    expect((await earn(member)).earn?.points).toBe(10n);
  });

  test('in the future is refused, beyond what clocks may differ', async () => {
    const member = await newcomer();
    const at = (ms: number) => ({ joinTime: timestampFromMs(setting.now() + ms) });
    expect(await refusalOf(join(member, at(10 * 60 * secondMs)))).toMatchObject({
      reason: 'VALIDATION_FAILED',
      violations: [{ field: 'join_time' }],
    });
    expect((await join(member, at(60 * secondMs))).replayed).toBe(false);
  });

  test('with a NUL in an attribute is refused', async () => {
    const joining = join(await newcomer(), { attributes: { tier: 'a\0b' } });
    expect(await refusalOf(joining)).toMatchObject({ reason: 'VALIDATION_FAILED' });
  });
});

describe('a suspended member', () => {
  test('can’t earn or redeem until they are resumed; everything else goes on', async () => {
    const member = await createCustomMember(setting, { dollars: 50, rewards });
    const { memberships, redemptions } = setting.clients;
    const held = await redeem(member, RedeemRequest_Capture.HOLD);
    const { membership } = await memberships.suspendMembership(member, admin);
    expect(membership?.state).toBe(Membership_State.SUSPENDED);
    expect(await lastKindOf(member)).toBe(Entry_Kind.SUSPENDED);
    for (const call of [earn(member), redeem(member)]) {
      expect(await refusalOf(call)).toMatchObject({ code: 9, reason: 'MEMBERSHIP_SUSPENDED' });
    }
    const redemptionId = held.redemption?.redemptionId ?? '';
    await redemptions.captureRedemption({ ...member, redemptionId }, checkout);
    await redemptions.reverseRedemption({ ...member, redemptionId, idempotencyKey: 'r' }, checkout);

    const resumed = await memberships.resumeMembership(member, admin);
    expect(resumed.membership?.state).toBe(Membership_State.ACTIVE);
    expect(await lastKindOf(member)).toBe(Entry_Kind.RESUMED);
    expect((await earn(member)).balance).toMatchObject({ available: 60n });
  });

  test('is suspended and resumed once, by admins', async () => {
    const member = await createCustomMember(setting);
    const { memberships } = setting.clients;
    for (let index = 0; index < 2; index++) await memberships.suspendMembership(member, admin);
    for (let index = 0; index < 2; index++) await memberships.resumeMembership(member, admin);
    const { entries } = await setting.clients.ledger.listEntries(member, checkout);
    expect(entries).toHaveLength(3);
    for (const caller of [alice, checkout]) {
      for (const call of [
        memberships.suspendMembership(member, caller),
        memberships.resumeMembership(member, caller),
      ]) {
        expect(await refusalOf(call)).toMatchObject({ reason: 'PERMISSION_DENIED' });
      }
    }
    const nobody = { ...member, userId: 'nobody' };
    expect(await refusalOf(memberships.suspendMembership(nobody, admin))).toMatchObject({
      reason: 'MEMBERSHIP_NOT_FOUND',
    });
  });

  test('can’t leave, but can be removed, and is still suspended when they come back', async () => {
    const member = await createCustomMember(setting);
    const { memberships } = setting.clients;
    await memberships.suspendMembership(member, admin);
    expect(await refusalOf(memberships.leaveProgram(member, alice))).toMatchObject({
      reason: 'MEMBERSHIP_SUSPENDED',
    });
    await memberships.leaveProgram(member, admin);
    for (const call of [
      memberships.suspendMembership(member, admin),
      memberships.resumeMembership(member, admin),
    ]) {
      expect(await refusalOf(call)).toMatchObject({ reason: 'ILLEGAL_TRANSITION' });
    }
    const { membership } = await memberships.joinProgram(member, alice);
    expect(membership?.state).toBe(Membership_State.SUSPENDED);
  });
});

describe('leaving', () => {
  test('forfeits what is left, once', async () => {
    const member = await createCustomMember(setting, { dollars: 25, rewards });
    const { memberships, ledger } = setting.clients;
    for (let index = 0; index < 2; index++) {
      const { membership } = await memberships.leaveProgram(member, alice);
      expect(membership).toMatchObject({
        state: Membership_State.LEFT,
        balance: { available: 0n, lifetimeEarned: 25n },
      });
    }
    const { entries } = await ledger.listEntries(member, checkout);
    expect(entries.slice(0, 2)).toMatchObject([
      { kind: Entry_Kind.LEFT, points: 0n, actor: 'member' },
      { kind: Entry_Kind.FORFEIT, points: -25n },
    ]);
    for (const call of [earn(member), redeem(member)]) {
      expect(await refusalOf(call)).toMatchObject({ code: 9, reason: 'MEMBERSHIP_LEFT' });
    }
  });

  test('with pending points forfeits them too, and a refund of them costs nothing', async () => {
    const maturation = { policy: { case: 'after', value: { days: 14 } } } as const;
    const member = await createCustomMember(setting, { ruleSet: { maturation } });
    const { earn: posted } = await earn(member, 20);
    const { membership } = await setting.clients.memberships.leaveProgram(member, alice);
    expect(membership?.balance).toMatchObject({ pending: 0n, available: 0n });
    const { programId } = member;
    const extent = { case: 'full', value: {} } as const;
    const { refund } = await setting.clients.ledger.reverseEarn(
      { programId, transactionId: posted?.transactionId ?? '', refundId: 'r', extent },
      checkout,
    );
    expect(refund).toMatchObject({ points: 20n, lapsed: 20n, owed: 0n });
  });

  test('forfeits at once what comes back afterwards, without a grace', async () => {
    const ruleSet = { refund: { restoreGraceDays: 30 } };
    const member = await createCustomMember(setting, { dollars: 25, rewards, ruleSet });
    const { memberships, ledger, redemptions } = setting.clients;
    const { redemption } = await redeem(member);
    const owe = { points: -18n, allowDeficit: true, reason: 'error', idempotencyKey: 'a' };
    await ledger.adjustBalance({ ...member, ...owe }, admin);
    await memberships.leaveProgram(member, admin);
    const redemptionId = redemption?.redemptionId ?? '';
    const { balance } = await redemptions.reverseRedemption(
      { ...member, redemptionId, idempotencyKey: 'r' },
      checkout,
    );
    expect(balance).toMatchObject({ available: 0n, deficit: 0n, lifetimeExpired: 0n });
    const { entries } = await ledger.listEntries(member, checkout);
    expect(entries.slice(0, 3)).toMatchObject([
      { kind: Entry_Kind.FORFEIT, points: -7n },
      { kind: Entry_Kind.RETURN, available: 7n, deficit: -3n },
      { kind: Entry_Kind.LEFT },
    ]);
  });

  test('with an open hold is for admins only, and gives the hold up', async () => {
    const member = await createCustomMember(setting, { dollars: 25, rewards });
    const { redemption } = await redeem(member, RedeemRequest_Capture.HOLD);
    const { memberships, redemptions } = setting.clients;
    expect(await refusalOf(memberships.leaveProgram(member, alice))).toMatchObject({
      reason: 'ILLEGAL_TRANSITION',
      metadata: { to: 'LEFT' },
    });
    await memberships.leaveProgram(member, admin);
    expect(await balanceOf(member)).toMatchObject({ available: 0n, reserved: 0n });
    const redemptionId = redemption?.redemptionId ?? '';
    const shown = await redemptions.getRedemption({ ...member, redemptionId }, alice);
    expect(shown.redemption?.state).toBe(Redemption_State.CANCELLED);
  });

  test('and coming back keeps what was owed and earned before', async () => {
    const member = await createCustomMember(setting, { dollars: 25, rewards });
    const { memberships, ledger } = setting.clients;
    await ledger.adjustBalance(
      { ...member, points: -30n, allowDeficit: true, reason: 'error', idempotencyKey: 'a' },
      admin,
    );
    await memberships.leaveProgram(member, alice);
    const again = await memberships.joinProgram(member, alice);
    expect(again).toMatchObject({
      replayed: false,
      membership: {
        state: Membership_State.ACTIVE,
        balance: { available: 0n, deficit: 5n, lifetimeEarned: 25n },
      },
    });
    expect((await earn(member)).balance).toMatchObject({ available: 5n, deficit: 0n });
    const { entries } = await ledger.listEntries(member, checkout);
    const sequences = entries.map(({ sequence }) => Number(sequence)).toReversed();
    expect(sequences).toEqual(sequences.map((_, index) => index + 1));
  });

  test('is for good where purchases make members: none brings back one who left', async () => {
    const programId = await createCustomProgram(setting, {
      settings: { enrollment: Program_Enrollment.AUTO },
    });
    const member = { programId, userId: 'alice' };
    expect((await earn(member)).balance).toMatchObject({ available: 10n });
    await setting.clients.memberships.leaveProgram(member, alice);
    expect(await refusalOf(earn(member))).toMatchObject({ reason: 'MEMBERSHIP_LEFT' });
    await setting.clients.memberships.joinProgram(member, alice);
    expect((await earn(member)).balance).toMatchObject({ available: 10n });
  });

  test('is for the member and admins', async () => {
    const member = await createCustomMember(setting);
    const { memberships } = setting.clients;
    for (const caller of [checkout, await tokenOf('member', 'bob')]) {
      expect(await refusalOf(memberships.leaveProgram(member, caller))).toMatchObject({
        reason: 'PERMISSION_DENIED',
      });
    }
    const nobody = { ...member, userId: 'nobody' };
    expect(await refusalOf(memberships.leaveProgram(nobody, admin))).toMatchObject({
      reason: 'MEMBERSHIP_NOT_FOUND',
    });
  });
});

test('a member’s earns are listed, the newest first', async () => {
  const member = await createCustomMember(setting);
  const posted = [];
  for (let dollars = 1; dollars <= 3; dollars++) posted.push((await earn(member, dollars)).earn);
  const { ledger } = setting.clients;
  const first = await ledger.listEarns({ ...member, pageSize: 2 }, alice);
  const pageToken = first.nextPageToken;
  const second = await ledger.listEarns({ ...member, pageSize: 2, pageToken }, alice);
  expect([...first.earns, ...second.earns]).toEqual(posted.toReversed());
  expect(second.nextPageToken).toBe('');
  expect(await refusalOf(ledger.listEarns(member, await tokenOf('member', 'bob')))).toMatchObject({
    reason: 'PERMISSION_DENIED',
  });
  expect(await refusalOf(ledger.listEarns({ ...member, userId: 'nobody' }, admin))).toMatchObject({
    reason: 'MEMBERSHIP_NOT_FOUND',
  });
});
