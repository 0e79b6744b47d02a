import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampDate, timestampFromDate, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type RuleSetSchema,
  Schedule_Day,
} from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import type { TransactionSchema } from '@loyalty/proto/loyalty/programs/v1/transaction_pb.ts';
import {
  createActive,
  createDraft,
  fivePerHundred,
  newProgramId,
  type Setting,
  startSetting,
} from './running-programs.ts';

let setting: Setting;
beforeAll(async () => {
  setting = await startSetting();
});
afterAll(() => setting.stop());

const admin = () => ({ token: setting.tokens.admin });
const usd = (minorUnits: bigint) => ({ currencyCode: 'USD', minorUnits });

type TransactionInit = MessageInitShape<typeof TransactionSchema>;

function purchase(overrides: TransactionInit = {}): TransactionInit {
  return {
    transactionId: 'order-1',
    occurTime: timestampFromMs(setting.now()),
    amount: usd(25_000n),
    ...overrides,
  } as TransactionInit;
}

function inYears(years: number) {
  const date = new Date();
  date.setUTCFullYear(date.getUTCFullYear() + years);
  return timestampFromDate(date);
}

async function draft(programId: string, ruleSet: MessageInitShape<typeof RuleSetSchema>) {
  const answer = await setting.clients.ruleSets.createRuleSet({ programId, ruleSet }, admin());
  return answer.ruleSet?.version ?? 0;
}

describe('a preview', () => {
  test('tells what the version in force gives and why', async () => {
    const { programId } = await createActive(setting);
    const preview = await setting.clients.programs.previewEarn(
      { programId, transaction: purchase() },
      { token: setting.tokens.service },
    );
    expect(preview).toMatchObject({
      points: 10n,
      ruleSetVersion: 1,
      explanation: [{ ruleId: 'base', points: '10' }],
    });
    expect(preview.explanation[0]?.note).not.toBe('');
    expect(preview.availableTime).toBeDefined();
    expect(preview.expireTime).toBeUndefined();
  });

  test('of a draft uses its rules and the program’s time zone', async () => {
    const { programId } = await createDraft(setting, { timeZone: 'America/New_York' });
    const version = await draft(programId, {
      ...fivePerHundred,
      earnRules: [
        ...fivePerHundred.earnRules,
        {
          ruleId: 'weekend',
          award: { case: 'multiplier', value: { factor: '2' } },
          schedule: { daysOfWeek: [Schedule_Day.SATURDAY] },
        },
      ],
      expiry: { policy: { case: 'after', value: { period: { case: 'days', value: 1 } } } },
    });
    const pointsAt = async (occurTime: string) => {
      const transaction = purchase({ occurTime: timestampFromDate(new Date(occurTime)) });
      const request = { programId, version, transaction };
      return await setting.clients.programs.previewEarn(request, admin());
    };
    // 2026-11-21 is a Saturday; New York is five hours behind UTC.
    expect((await pointsAt('2026-11-22T03:30:00Z')).points).toBe(20n);
    const friday = await pointsAt('2026-11-21T03:30:00Z');
    expect(friday.points).toBe(10n);
    expect(friday.expireTime && timestampDate(friday.expireTime).toISOString()).toBe(
      '2026-11-22T05:00:00.000Z',
    );
  });

  test('knows of the member what it is told', async () => {
    const { programId } = await createDraft(setting);
    const version = await draft(programId, {
      earnRules: [
        {
          ruleId: 'gold',
          award: { case: 'fixed', value: { points: 50n } },
          condition: "member.attributes['tier'] == 'gold' && member.lifetime_earned >= 1000",
        },
      ],
    });
    const transaction = purchase();
    const { programs } = setting.clients;
    const member = { attributes: { tier: 'gold' }, lifetimeEarned: 1_000n };
    const gold = await programs.previewEarn({ programId, version, transaction, member }, admin());
    expect(gold.points).toBe(50n);
    const stranger = await programs.previewEarn({ programId, version, transaction }, admin());
    expect(stranger.points).toBe(0n);
  });

  test('of a later instant uses the version that is in force then', async () => {
    const { programId } = await createActive(setting);
    const version = await draft(programId, {
      earnRules: [{ ruleId: 'flat', award: { case: 'fixed', value: { points: 1n } } }],
    });
    const effectiveTime = timestampFromMs(setting.now() + 3_600_000);
    const { ruleSets, programs } = setting.clients;
    await ruleSets.publishRuleSet({ programId, version, effectiveTime }, admin());
    const transaction = purchase({ occurTime: effectiveTime });
    const today = await programs.previewEarn({ programId, transaction }, admin());
    expect(today).toMatchObject({ ruleSetVersion: 1, points: 10n });
    const then = await programs.previewEarn({ programId, transaction, at: effectiveTime }, admin());
    expect(then).toMatchObject({ ruleSetVersion: version, points: 1n });
  });

  test('of a later instant uses no version that was withdrawn', async () => {
    const { programId } = await createActive(setting);
    const version = await draft(programId, fivePerHundred);
    const effectiveTime = timestampFromMs(setting.now() + 3_600_000);
    const { ruleSets, programs } = setting.clients;
    await ruleSets.publishRuleSet({ programId, version, effectiveTime }, admin());
    await ruleSets.withdrawRuleSet({ programId, version }, admin());
    const transaction = purchase({ occurTime: effectiveTime });
    const then = await programs.previewEarn({ programId, transaction, at: effectiveTime }, admin());
    expect(then.ruleSetVersion).toBe(1);
  });

  test('changes nothing', async () => {
    const { programId } = await createActive(setting);
    const { programs } = setting.clients;
    const service = { token: setting.tokens.service };
    const before = await programs.getProgramSnapshot({ programId }, service);
    await programs.previewEarn({ programId, transaction: purchase() }, admin());
    expect(await programs.getProgramSnapshot({ programId }, service)).toEqual(before);
  });

  test('needs a program, and a version to try', async () => {
    const { programId } = await createDraft(setting);
    const { programs } = setting.clients;
    const transaction = purchase();
    for (const { request, reason } of [
      { request: { programId: newProgramId() }, reason: 'PROGRAM_NOT_FOUND' },
      { request: { programId }, reason: 'RULE_SET_NOT_FOUND' },
      { request: { programId, version: 3 }, reason: 'RULE_SET_NOT_FOUND' },
    ]) {
      await expect(
        programs.previewEarn({ transaction, ...request }, admin()),
      ).rejects.toMatchObject({ reason });
    }
  });

  test.each([
    { wrong: 'long values', attributes: { tier: 'x'.repeat(513) } },
    { wrong: 'long names', attributes: { ['x'.repeat(65)]: 'gold' } },
    {
      wrong: 'too many',
      attributes: Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`k${index}`, ''])),
    },
  ])('refuses attributes of a member that none can have: $wrong', async ({ attributes }) => {
    const { programId } = await createActive(setting);
    const request = { programId, transaction: purchase(), member: { attributes } };
    await expect(setting.clients.programs.previewEarn(request, admin())).rejects.toMatchObject({
      reason: 'VALIDATION_FAILED',
      violations: [{ field: expect.stringMatching(/^member\.attributes/) }],
    });
  });

  test.each([
    { field: 'transaction.occur_time', change: { occurTime: inYears(101) }, at: undefined },
    { field: 'at', change: {}, at: inYears(101) },
  ])('goes no further ahead than 100 years: $field', async ({ field, change, at }) => {
    const { programId } = await createActive(setting);
    const transaction = purchase(change);
    const request = { programId, transaction, ...(at !== undefined && { at }) };
    await expect(setting.clients.programs.previewEarn(request, admin())).rejects.toMatchObject({
      reason: 'VALIDATION_FAILED',
      violations: [{ field }],
    });
  });

  test('of the last instant that it goes to can be answered, however late points mature and expire', async () => {
    const { programId } = await createDraft(setting, { timeZone: 'Pacific/Kiritimati' });
    const version = await draft(programId, {
      ...fivePerHundred,
      maturation: { policy: { case: 'after', value: { days: 3_650 } } },
      expiry: { policy: { case: 'after', value: { period: { case: 'months', value: 1_200 } } } },
    });
    const transaction = purchase({ occurTime: inYears(99) });
    const preview = await setting.clients.programs.previewEarn(
      { programId, version, transaction, at: inYears(99) },
      admin(),
    );
    const expires = preview.expireTime && timestampDate(preview.expireTime).getUTCFullYear();
    expect(expires).toBeGreaterThan(new Date(setting.now()).getUTCFullYear() + 207);
  });

  test.each([
    { wrong: 'an unknown currency', change: { amount: { currencyCode: 'QQQ', minorUnits: 1n } } },
    { wrong: 'a negative amount', change: { amount: usd(-1n) } },
    { wrong: 'an impossible instant', change: { occurTime: { seconds: 0n, nanos: -1 } } },
    { wrong: 'a NUL in its channel', change: { channel: 'we\0b' } },
  ])('refuses a transaction with $wrong', async ({ change }) => {
    const { programId } = await createActive(setting);
    await expect(
      setting.clients.programs.previewEarn({ programId, transaction: purchase(change) }, admin()),
    ).rejects.toMatchObject({ reason: 'VALIDATION_FAILED' });
  });
});
