import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createCustomMember, proportional } from './custom-program.ts';
import {
  admin,
  availablePoints,
  checkout,
  createMember,
  createProgram,
  purchase,
  refusalOf,
  type Setting,
  secondsAndNanos,
  startSetting,
  tokenOf,
} from './running-ledger.ts';

let setting: Setting;
beforeAll(async () => {
  setting = await startSetting();
});
afterAll(() => setting.stop());

const alice = await tokenOf('member', 'alice');
const bob = await tokenOf('member', 'bob');

const period = { startTime: secondsAndNanos(0), endTime: secondsAndNanos(Date.now() + 86_400_000) };
const cart = { amount: { currencyCode: 'USD', minorUnits: 10_000n } };

describe('a member', () => {
  test('sees all programs that they are in, each with its balance', async () => {
    const programs = [await createMember(setting, { cents: 10_000 }), await createMember(setting)];
    const { memberships } = await setting.clients.memberships.listMemberships(
      { userId: 'alice', pageSize: 500 },
      alice,
    );
    for (const [index, { programId }] of programs.entries()) {
      const shown = memberships.find((membership) => membership.programId === programId);
      expect(shown?.balance?.available).toBe(index === 0 ? 5n : 0n);
    }
    const ids = memberships.map(({ programId }) => programId);
    expect(ids).toEqual(ids.toSorted());
  });

  test('reaches nothing of another’s', async () => {
    const member = await createMember(setting, { cents: 100_000, rewards: { glass: 10n } });
    const { memberships, ledger, redemptions } = setting.clients;
    const redeem = { ...member, rewardId: 'glass', idempotencyKey: 'k' };
    const calls = [
      memberships.getMembership(member, bob),
      memberships.listMemberships({ userId: 'alice' }, bob),
      memberships.joinProgram(member, bob),
      ledger.getBalance(member, bob),
      ledger.quoteEarn({ ...member, ...cart }, bob),
      ledger.listExpiries(member, bob),
      ledger.listMaturities(member, bob),
      ledger.getStatement({ ...member, ...period }, bob),
      ledger.listEntries(member, bob),
      redemptions.redeem(redeem, bob),
      redemptions.getRedemption({ ...member, redemptionId: 'r' }, bob),
      redemptions.listRedemptions(member, bob),
    ];
    for (const call of calls) {
      expect(await refusalOf(call)).toMatchObject({ code: 7, reason: 'PERMISSION_DENIED' });
    }
    expect(await availablePoints(setting, member)).toBe(50n);
  });

  test('can’t tell another’s earn from one that doesn’t exist', async () => {
    const member = await createMember(setting);
    const transaction = purchase(10_000);
    await setting.clients.ledger.earn({ ...member, transaction }, checkout);
    const getEarn = (transactionId: string) =>
      setting.clients.ledger.getEarn({ programId: member.programId, transactionId }, bob);
    const [others, missing] = await Promise.all([
      refusalOf(getEarn(transaction.transactionId)),
      refusalOf(getEarn('no-such-order')),
    ]);
    expect(others).toMatchObject({ code: 5, reason: 'EARN_NOT_POSTED' });
    expect([others.message, others.metadata]).toEqual([missing.message, missing.metadata]);
    const own = await setting.clients.ledger.getEarn(
      { programId: member.programId, transactionId: transaction.transactionId },
      alice,
    );
    expect(own.earn?.points).toBe(5n);
  });

  test('can’t give themselves points', async () => {
    const member = await createMember(setting);
    const { ledger } = setting.clients;
    const report = { ...member, transaction: purchase(10_000) };
    for (const call of [
      ledger.earn(report, alice),
      ledger.submitEarn(report, alice),
      ledger.batchEarn({ programId: member.programId, earns: [report] }, alice),
    ]) {
      expect(await refusalOf(call)).toMatchObject({ reason: 'PERMISSION_DENIED' });
    }
  });

  test('reaches nothing of another’s over HTTP either', async () => {
    const member = await createMember(setting);
    const path = 'loyalty.ledger.v1.LedgerService/GetBalance';
    const ask = (token: string) =>
      fetch(`${setting.httpUrl}/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify(member),
      });
    expect((await ask(bob.token)).status).toBe(403);
    expect((await ask(alice.token)).status).toBe(200);
  });
});

describe('a draft', () => {
  test('does not exist for members, in any call', async () => {
    const { programs, memberships, redemptions } = setting.clients;
    const draft = `p-${randomUUID().slice(0, 18)}`;
    const program = { programId: draft, displayName: 'A secret' };
    await programs.createProgram({ program }, admin);
    // Which the ledger knows of.
    const joining = memberships.joinProgram({ programId: draft, userId: 'alice' }, checkout);
    expect(await refusalOf(joining)).toMatchObject({ reason: 'PROGRAM_NOT_ACTIVE' });

    const missing = `p-${randomUUID().slice(0, 18)}`;
    const attempts = async (programId: string) => {
      const member = { programId, userId: 'alice' };
      const asked = { ...member, rewardId: 'glass' };
      const calls = [
        programs.getProgram({ programId }, alice),
        memberships.joinProgram(member, alice),
        memberships.getMembership(member, alice),
        memberships.leaveProgram(member, alice),
        setting.clients.ledger.getBalance(member, alice),
        setting.clients.ledger.quoteEarn({ ...member, ...cart }, alice),
        setting.clients.ledger.listExpiries(member, alice),
        setting.clients.ledger.listMaturities(member, alice),
        setting.clients.ledger.getStatement({ ...member, ...period }, alice),
        setting.clients.ledger.listEntries(member, alice),
        setting.clients.ledger.listEarns(member, alice),
        setting.clients.ledger.getEarn({ programId, transactionId: 'order-1' }, alice),
        redemptions.quoteRedemption({ ...asked, quantity: 1 }, alice),
        redemptions.listRewardQuotes(member, alice),
        redemptions.redeem({ ...asked, idempotencyKey: 'k' }, alice),
        redemptions.getRedemption({ ...member, redemptionId: 'r' }, alice),
        redemptions.listRedemptions(member, alice),
        redemptions.cancelRedemption({ ...member, redemptionId: 'r' }, alice),
      ];
      const refusals = await Promise.all(calls.map(refusalOf));
      return refusals.map(({ code, reason, message, metadata }) => ({
        code,
        reason,
        message: message.replaceAll(programId, 'ID'),
        metadata: JSON.stringify(metadata).replaceAll(programId, 'ID'),
      }));
    };
    const refusals = await attempts(draft);
    expect(refusals).toEqual(await attempts(missing));
    expect(refusals.filter(({ code }) => code !== 5)).toEqual([]);
  });
});

describe('a journal', () => {
  /** What an earn, a purchase by the member and one by a backend, and adjustments by an admin left. */
  async function journalOf(viewer: { token: string }) {
    const member = await createMember(setting, { cents: 100_000, rewards: { glass: 10n } });
    const { ledger, redemptions } = setting.clients;
    const glass = { ...member, rewardId: 'glass' };
    await redemptions.redeem(
      { ...glass, idempotencyKey: 'own' },
      { ...alice, requestId: 'call-of-alice' },
    );
    await redemptions.redeem({ ...glass, idempotencyKey: 'at the counter' }, checkout);
    const adjustment = { ...member, points: -30n, reason: 'suspected fraud' };
    await ledger.adjustBalance({ ...adjustment, idempotencyKey: 'a' }, admin);
    await redemptions
      .redeem({ ...glass, idempotencyKey: 'too much' }, alice)
      .catch(() => 'refused');
    const { entries } = await ledger.listEntries(member, viewer);
    const statement = await ledger.getStatement({ ...member, ...period }, viewer);
    expect(statement.entries).toEqual(entries);
    return entries.toReversed();
  }

  test('tells operators who did what, and why', async () => {
    const entries = await journalOf(admin);
    expect(entries.map(({ actor, reason }) => [actor, reason])).toEqual([
      ['service:checkout', ''],
      ['service:checkout', ''],
      ['member', ''],
      ['service:checkout', ''],
      ['admin:ann', 'suspected fraud'],
      ['member', 'INSUFFICIENT_POINTS'],
    ]);
    expect(entries.every(({ requestId }) => requestId !== '')).toBe(true);
  });

  test('tells members what they did themselves', async () => {
    const entries = await journalOf(alice);
    expect(entries.map(({ actor, reason }) => [actor, reason])).toEqual([
      ['', ''],
      ['', ''],
      ['member', ''],
      ['', ''],
      ['', ''],
      ['member', 'INSUFFICIENT_POINTS'],
    ]);
    const requestIds = entries.map(({ requestId }) => requestId);
    expect(requestIds).toEqual(['', '', 'call-of-alice', '', '', expect.stringMatching(/./)]);
  });
});

describe('why a condition failed', () => {
  /** What is shown of a purchase whose condition fails, where it is asked for and in the list. */
  async function notesFor(viewer: { token: string }) {
    const risky = proportional(1n, {
      condition:
        "int(transaction.attributes['risk_score']) < 3 && member.attributes['tier'] == 'a'",
    });
    const earnRules = [risky, proportional(1n, { ruleId: 'false', condition: 'now < now' })];
    const member = await createCustomMember(setting, { ruleSet: { earnRules } });
    const { ledger } = setting.clients;
    const transaction = { ...purchase(1_000), attributes: { risk_score: 'n/a (supplier ACME)' } };
    await ledger.earn({ ...member, transaction }, checkout);
    const asked = { programId: member.programId, transactionId: transaction.transactionId };
    const { earn } = await ledger.getEarn(asked, viewer);
    const { earns } = await ledger.listEarns(member, viewer);
    const shown = [earn, ...earns].map((each) => each?.explanation.map(({ note }) => note));
    expect(shown[1]).toEqual(shown[0]);
    return shown[0];
  }

  test('is shown to operators', async () => {
    expect(await notesFor(admin)).toEqual([
      expect.stringContaining('condition failed: '),
      'condition is false',
    ]);
    expect(await notesFor(checkout)).toEqual(await notesFor(admin));
  });

  test('is no business of members', async () => {
    expect(await notesFor(alice)).toEqual(['condition failed', 'condition is false']);
  });
});

describe('a quote of a purchase', () => {
  test('tells members what each rule would give, and operators how that was calculated', async () => {
    const rule = proportional(5n, { displayName: '5 for each 100.00 USD' });
    const member = await createCustomMember(setting, { ruleSet: { earnRules: [rule] } });
    const { ledger } = setting.clients;
    const quoted = await ledger.quoteEarn({ ...member, ...cart }, alice);
    const line = { kind: 1, ruleId: 'base', displayName: '5 for each 100.00 USD', points: '5' };
    expect(quoted).toMatchObject({
      points: 5n,
      explanation: [{ ...line, note: '' }],
      ruleSetVersion: 1,
      balance: { available: 5n, lifetimeEarned: 5n },
    });
    for (const operator of [checkout, admin]) {
      const { explanation } = await ledger.quoteEarn({ ...member, ...cart }, operator);
      expect(explanation).toMatchObject([{ ...line, note: '1 × 100.00 USD' }]);
    }
  });
});

describe('a token for some programs', () => {
  test('shows no others', async () => {
    const inside = await createMember(setting);
    const outside = await createMember(setting);
    const some = await tokenOf('service', 'checkout', [inside.programId]);
    const { memberships, ledger } = setting.clients;
    const list = await memberships.listMemberships({ userId: 'alice' }, some);
    expect(list.memberships.map(({ programId }) => programId)).toEqual([inside.programId]);
    expect(await refusalOf(ledger.getBalance(outside, some))).toMatchObject({
      reason: 'PERMISSION_DENIED',
    });
  });
});

describe('the members of a program', () => {
  test('are listed by user id, page by page, to operators', async () => {
    const programId = await createProgram(setting);
    const users = ['carol', 'alice', 'bob'];
    for (const userId of users) {
      await setting.clients.memberships.joinProgram({ programId, userId }, checkout);
    }
    const { memberships } = setting.clients;
    const first = await memberships.listMembers({ programId, pageSize: 2 }, admin);
    const pageToken = first.nextPageToken;
    const second = await memberships.listMembers({ programId, pageSize: 2, pageToken }, admin);
    expect(first.members.map(({ userId }) => userId)).toEqual(['alice', 'bob']);
    expect(second.members.map(({ userId }) => userId)).toEqual(['carol']);
    expect(second.nextPageToken).toBe('');
    expect(await refusalOf(memberships.listMembers({ programId }, alice))).toMatchObject({
      reason: 'PERMISSION_DENIED',
    });
  });

  test('of an unknown program are no empty list', async () => {
    const list = setting.clients.memberships.listMembers({ programId: 'no-such-one' }, admin);
    expect(await refusalOf(list)).toMatchObject({ reason: 'PROGRAM_NOT_FOUND' });
  });
});

test('who joins again is answered as a member', async () => {
  const programId = await createProgram(setting);
  const member = { programId, userId: 'alice', attributes: { tier: 'gold' } };
  const { memberships } = setting.clients;
  const first = await memberships.joinProgram(member, checkout);
  const again = await memberships.joinProgram({ programId, userId: 'alice' }, alice);
  expect(first.replayed).toBe(false);
  expect(again).toMatchObject({ replayed: true, membership: { attributes: { tier: 'gold' } } });
  expect(again.membership?.joinTime).toEqual(first.membership?.joinTime);
});
