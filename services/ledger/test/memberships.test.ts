import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Entry_Kind } from '@loyalty/proto/loyalty/ledger/v1/entry_pb.ts';
import { Membership_State } from '@loyalty/proto/loyalty/ledger/v1/membership_pb.ts';
import { Redemption_State } from '@loyalty/proto/loyalty/ledger/v1/redemption_pb.ts';
import { RedeemRequest_Capture } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import { Program_Enrollment } from '@loyalty/proto/loyalty/programs/v1/program_pb.ts';
import { createCustomMember, createCustomProgram, fixed, proportional } from './custom-program.ts';
import { type MovingSetting, startMovingSetting } from './moving-clock.ts';
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

describe('updating a member', () => {
  const update = (
    member: Member,
    attributes: Record<string, string>,
    paths: string[] | undefined = ['attributes'],
    caller = checkout,
  ) =>
    setting.clients.memberships.updateMembership(
      {
        ...member,
        membership: { attributes },
        ...(paths !== undefined && { updateMask: { paths } }),
      },
      caller,
    );

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

  test('to what they are already leaves no line in the journal', async () => {
    const member = await createCustomMember(setting);
    await update(member, { tier: 'gold' });
    await update(member, { tier: 'gold' });
    const { entries } = await setting.clients.ledger.listEntries(member, checkout);
    expect(entries.map(({ kind }) => kind)).toEqual([Entry_Kind.UPDATED, Entry_Kind.JOINED]);
  });

  test('clears the attributes when the mask names them, and only then', async () => {
    const member = await createCustomMember(setting);
    await update(member, { tier: 'gold' }, undefined);
    const { membership: kept } = await update(member, {}, []);
    expect(kept?.attributes).toEqual({ tier: 'gold' });
    const { membership: same } = await update(member, {}, ['user_id', 'balance']);
    expect(same?.attributes).toEqual({ tier: 'gold' });
    const { membership: cleared } = await update(member, {}, ['*']);
    expect(cleared?.attributes).toEqual({});
  });

  test('takes a membership that was read back as a whole, but not as another’s', async () => {
    const member = await createCustomMember(setting);
    const { memberships } = setting.clients;
    const { membership: read } = await memberships.getMembership(member, checkout);
    const membership = { ...read, attributes: { tier: 'gold' } } as NonNullable<typeof read>;
    const answer = await memberships.updateMembership({ ...member, membership }, checkout);
    expect(answer.membership).toMatchObject({ attributes: { tier: 'gold' } });
    const others = memberships.updateMembership(
      { ...member, membership: { ...membership, userId: 'bob' } },
      checkout,
    );
    expect(await refusalOf(others)).toMatchObject({
      violations: [{ field: 'membership.user_id' }],
    });
  });

  test.each<[string, Record<string, string>, string[], string]>([
    ['a field that no member has', {}, ['tier'], 'update_mask'],
    ['a value that is too long', { tier: 'x'.repeat(513) }, ['attributes'], 'attributes["tier"]'],
    ['an empty name', { '': 'gold' }, ['attributes'], 'attributes[""]'],
    ['a NUL', { tier: 'a\0b' }, ['attributes'], 'attributes["tier"]'],
  ])('refuses %s', async (_, attributes, paths, field) => {
    const member = await createCustomMember(setting);
    const { reason, violations } = await refusalOf(update(member, attributes, paths));
    expect(reason).toBe('VALIDATION_FAILED');
    expect(violations?.map((violation) => violation.field).join()).toContain(field);
  });

  test('isn’t for members, nor for those who never joined', async () => {
    const member = await createCustomMember(setting);
    expect(await refusalOf(update(member, {}, [], alice))).toMatchObject({
      reason: 'PERMISSION_DENIED',
    });
    expect(await refusalOf(update({ ...member, userId: 'nobody' }, {}))).toMatchObject({
      reason: 'MEMBERSHIP_NOT_FOUND',
    });
  });
});

test('a member can’t join with a NUL in an attribute', async () => {
  const programId = await createCustomProgram(setting, {});
  const joining = setting.clients.memberships.joinProgram(
    { programId, userId: 'alice', attributes: { tier: 'a\0b' } },
    checkout,
  );
  expect(await refusalOf(joining)).toMatchObject({ reason: 'VALIDATION_FAILED' });
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
      { kind: Entry_Kind.LEFT, points: 0n, actor: 'member:alice' },
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
