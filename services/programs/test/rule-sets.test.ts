import { timestampDate, timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  Cap_Period,
  ExpiryPolicy_After_RoundUpTo,
  RateAward_Mode,
  RefundPolicy_Shortfall,
  RuleSet_Rounding,
  RuleSet_State,
} from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import {
  createActive,
  createDraft,
  fivePerHundred,
  type Setting,
  startSetting,
} from './running-programs.ts';

let setting: Setting;
beforeAll(async () => {
  setting = await startSetting();
});
afterAll(() => setting.stop());

const admin = () => ({ token: setting.tokens.admin });
const ruleSets = () => setting.clients.ruleSets;
const hourMs = 3_600_000;

async function draftVersion(programId: string): Promise<number> {
  const { ruleSet } = await ruleSets().createRuleSet(
    { programId, ruleSet: fivePerHundred },
    admin(),
  );
  return ruleSet?.version ?? 0;
}

async function stateOf(programId: string, version: number): Promise<RuleSet_State | undefined> {
  return (await ruleSets().getRuleSet({ programId, version }, admin())).ruleSet?.state;
}

describe('a draft', () => {
  test('gets the next version and a default for each policy that is absent', async () => {
    const { programId } = await createDraft(setting);
    const { ruleSet } = await ruleSets().createRuleSet(
      { programId, ruleSet: { ...fivePerHundred, description: 'First' } },
      admin(),
    );
    expect(ruleSet).toMatchObject({
      programId,
      version: 1,
      state: RuleSet_State.DRAFT,
      description: 'First',
      rounding: RuleSet_Rounding.FLOOR,
      earnRules: [{ ruleId: 'base', award: { case: 'rate' } }],
      maturation: { policy: { case: 'immediate' } },
      expiry: { policy: { case: 'never' } },
      refund: { shortfall: RefundPolicy_Shortfall.DEFICIT, restoreGraceDays: 0 },
    });
    expect(ruleSet?.effectiveTime).toBeUndefined();
    expect(await draftVersion(programId)).toBe(2);
    const { ruleSet: read } = await ruleSets().getRuleSet({ programId, version: 1 }, admin());
    expect(read).toEqual(ruleSet);
  });

  test('shows the mode of a rate and the end that an expiry is rounded up to, also where nothing was said', async () => {
    const { programId } = await createDraft(setting);
    const per = { currencyCode: 'USD', minorUnits: 100n };
    const { ruleSet } = await ruleSets().createRuleSet(
      {
        programId,
        ruleSet: {
          earnRules: [{ ruleId: 'base', award: { case: 'rate', value: { points: 1n, per } } }],
          expiry: { policy: { case: 'after', value: { period: { case: 'days', value: 1 } } } },
        },
      },
      admin(),
    );
    expect(ruleSet).toMatchObject({
      earnRules: [{ award: { value: { mode: RateAward_Mode.STEP } } }],
      expiry: { policy: { value: { roundUpTo: ExpiryPolicy_After_RoundUpTo.DAY } } },
    });
  });

  test('gets a version of its own also when several are created at once', async () => {
    const { programId } = await createDraft(setting);
    const versions = await Promise.all(Array.from({ length: 5 }, () => draftVersion(programId)));
    expect(versions.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5]);
  });

  test('changes where the mask says, and only with the present etag', async () => {
    const { programId } = await createDraft(setting);
    const version = await draftVersion(programId);
    const { ruleSet: before } = await ruleSets().getRuleSet({ programId, version }, admin());
    const etag = before?.etag ?? '';
    const update = (description: string) =>
      ruleSets().updateRuleSet(
        {
          programId,
          version,
          ruleSet: { description, rounding: RuleSet_Rounding.CEILING },
          updateMask: { paths: ['description'] },
          etag: `"${etag}"`,
        },
        admin(),
      );
    const { ruleSet } = await update('New');
    expect(ruleSet).toMatchObject({ description: 'New', rounding: RuleSet_Rounding.FLOOR });
    expect(ruleSet?.earnRules).toEqual(before?.earnRules);
    await expect(update('Newer')).rejects.toMatchObject({ reason: 'ETAG_MISMATCH' });
  });

  test.each([
    {
      wrong: 'an expression that is none',
      rule: { condition: 'transaction.' },
      field: 'rule_set.earn_rules[0].condition',
    },
    {
      wrong: 'a rate for nothing',
      rule: {
        award: {
          case: 'rate' as const,
          value: { points: 1n, per: { currencyCode: 'USD', minorUnits: 0n } },
        },
      },
      field: 'rule_set.earn_rules[0].rate.per.minor_units',
    },
    {
      wrong: 'an amount without a number',
      rule: { minimumAmount: { currencyCode: 'USD' } },
      field: 'rule_set.earn_rules[0].minimum_amount.minor_units',
    },
    {
      wrong: 'a currency that is none',
      rule: { minimumAmount: { currencyCode: 'QQQ', minorUnits: 1n } },
      field: 'rule_set.earn_rules[0].minimum_amount.currency_code',
    },
  ])('with $wrong is refused', async ({ rule, field }) => {
    const { programId } = await createDraft(setting);
    const [base] = fivePerHundred.earnRules;
    await expect(
      ruleSets().createRuleSet(
        { programId, ruleSet: { earnRules: [{ ...base, ...rule }] } },
        admin(),
      ),
    ).rejects.toMatchObject({
      reason: 'VALIDATION_FAILED',
      violations: expect.arrayContaining([expect.objectContaining({ field })]),
    });
  });

  const serverSet = [
    { field: 'rule_set.version', fix: /leave it out/, body: { version: 77 } },
    { field: 'rule_set.state', fix: /publish or withdraw/, body: { state: RuleSet_State.ACTIVE } },
    {
      field: 'rule_set.time_zone',
      fix: /change the program's/,
      body: { timeZone: 'America/New_York' },
    },
  ];
  test.each(serverSet)(
    'with another $field than the server gives it is refused',
    async ({ field, fix, body }) => {
      const { programId } = await createDraft(setting, { timeZone: 'Europe/Paris' });
      const refusal = {
        reason: 'VALIDATION_FAILED',
        violations: [{ field, message: expect.stringMatching(fix) }],
      };
      await expect(
        ruleSets().createRuleSet({ programId, ruleSet: { ...fivePerHundred, ...body } }, admin()),
      ).rejects.toMatchObject(refusal);
      const version = await draftVersion(programId);
      const ruleSet = { description: 'New', ...body };
      await expect(
        ruleSets().updateRuleSet({ programId, version, ruleSet }, admin()),
      ).rejects.toMatchObject(refusal);
    },
  );

  test('has exclusions and limits of its own, which an update changes and takes away', async () => {
    const { programId } = await createDraft(setting);
    const [rule] = fivePerHundred.earnRules;
    const match = { exclude: { skus: ['card-50'], categories: ['giftcard'] } };
    const cap = { points: 500n, period: Cap_Period.DAY };
    const limited = { earnRules: [{ ...rule, match }], maximumPoints: 300n, cap };
    const created = await ruleSets().createRuleSet({ programId, ruleSet: limited }, admin());
    expect(created.ruleSet).toMatchObject(limited);
    const { version = 0 } = created.ruleSet ?? {};
    const update = (ruleSet: object, ...paths: string[]) =>
      ruleSets().updateRuleSet({ programId, version, ruleSet, updateMask: { paths } }, admin());
    const { ruleSet } = await update({ maximumPoints: 200n }, 'maximum_points');
    expect(ruleSet).toMatchObject({ ...limited, maximumPoints: 200n });
    const without = (await update({}, 'maximum_points', 'cap')).ruleSet;
    expect([without?.maximumPoints, without?.cap]).toEqual([undefined, undefined]);
  });

  test('may say of itself what is so', async () => {
    const { programId } = await createDraft(setting, { timeZone: 'Europe/Paris' });
    const said = { version: 1, state: RuleSet_State.DRAFT, timeZone: 'Europe/Paris' };
    const { ruleSet } = await ruleSets().createRuleSet(
      { programId, ruleSet: { ...fivePerHundred, ...said } },
      admin(),
    );
    if (ruleSet === undefined) throw new Error('no rule set was returned');
    const { ruleSet: updated } = await ruleSets().updateRuleSet(
      { programId, version: 1, ruleSet: { ...ruleSet, description: 'New' } },
      admin(),
    );
    expect(updated).toMatchObject({ version: 1, description: 'New' });
  });

  test('can neither carry an effective time nor be withdrawn', async () => {
    const { programId } = await createDraft(setting);
    const effectiveTime = timestampFromMs(setting.now() + hourMs);
    await expect(
      ruleSets().createRuleSet({ programId, ruleSet: { effectiveTime } }, admin()),
    ).rejects.toMatchObject({ reason: 'VALIDATION_FAILED' });
    const version = await draftVersion(programId);
    await expect(ruleSets().withdrawRuleSet({ programId, version }, admin())).rejects.toMatchObject(
      {
        reason: 'ILLEGAL_TRANSITION',
        metadata: { from: 'DRAFT', to: 'WITHDRAWN' },
      },
    );
  });
});

describe('a copy', () => {
  test('is the next draft, with the rules of a version in any state', async () => {
    const { programId } = await createDraft(setting);
    const rules = { ...fivePerHundred, description: 'First', rounding: RuleSet_Rounding.CEILING };
    await ruleSets().createRuleSet({ programId, ruleSet: rules }, admin());
    const copy = async (version: number) =>
      (await ruleSets().copyRuleSet({ programId, version }, admin())).ruleSet;
    const original = (await ruleSets().getRuleSet({ programId, version: 1 }, admin())).ruleSet;
    const { earnRules, description, rounding, maturation, expiry, refund } = original ?? {};
    const content = { earnRules, description, rounding, maturation, expiry, refund };
    expect(await copy(1)).toMatchObject({ ...content, version: 2, state: RuleSet_State.DRAFT });
    await ruleSets().publishRuleSet({ programId, version: 1 }, admin());
    const ofPublished = await copy(1);
    expect(ofPublished).toMatchObject({ ...content, version: 3, state: RuleSet_State.DRAFT });
    expect(ofPublished).toMatchObject({ timeZone: '', etag: expect.stringMatching(/-DRAFT$/) });
    expect(ofPublished?.effectiveTime).toBeUndefined();
    expect(ofPublished?.publishTime).toBeUndefined();
    const effectiveTime = timestampFromMs(setting.now() + hourMs);
    await ruleSets().publishRuleSet({ programId, version: 3, effectiveTime }, admin());
    await ruleSets().withdrawRuleSet({ programId, version: 3 }, admin());
    expect(await copy(3)).toMatchObject({ ...content, version: 4, state: RuleSet_State.DRAFT });
  });

  test('leaves the original alone when it is changed', async () => {
    const { programId } = await createActive(setting);
    await ruleSets().copyRuleSet({ programId, version: 1 }, admin());
    await ruleSets().updateRuleSet(
      { programId, version: 2, ruleSet: { earnRules: [] }, updateMask: { paths: ['earn_rules'] } },
      admin(),
    );
    const { ruleSet } = await ruleSets().getRuleSet({ programId, version: 1 }, admin());
    expect(ruleSet?.earnRules).toHaveLength(fivePerHundred.earnRules.length);
  });

  test('of an unknown version is refused', async () => {
    const { programId } = await createDraft(setting);
    await expect(ruleSets().copyRuleSet({ programId, version: 7 }, admin())).rejects.toMatchObject({
      reason: 'RULE_SET_NOT_FOUND',
      metadata: { version: '7' },
    });
  });
});

describe('publication', () => {
  test('puts the first version in force at once, with the program’s time zone', async () => {
    const { programId } = await createDraft(setting, { timeZone: 'Europe/Paris' });
    const version = await draftVersion(programId);
    const { ruleSet } = await ruleSets().publishRuleSet({ programId, version }, admin());
    expect(ruleSet).toMatchObject({ state: RuleSet_State.ACTIVE, timeZone: 'Europe/Paris' });
    expect(ruleSet?.effectiveTime).toEqual(ruleSet?.publishTime);
    const { program } = await setting.clients.programs.getProgram({ programId }, admin());
    expect(program?.activeRuleSetVersion).toBe(version);

    const change = { programId, program: { timeZone: 'America/New_York' } };
    await setting.clients.programs.updateProgram(change, admin());
    const { ruleSet: later } = await ruleSets().getRuleSet({ programId, version }, admin());
    expect(later?.timeZone).toBe('Europe/Paris');
  });

  test('of a later version takes two seconds to count, and then supersedes the one before', async () => {
    const { programId, etag } = await createActive(setting);
    const version = await draftVersion(programId);
    const { ruleSet } = await ruleSets().publishRuleSet({ programId, version }, admin());
    expect(ruleSet?.state).toBe(RuleSet_State.SCHEDULED);
    if (!ruleSet?.effectiveTime || !ruleSet.publishTime) throw new Error('times are missing');
    const leadMs =
      timestampDate(ruleSet.effectiveTime).getTime() - timestampDate(ruleSet.publishTime).getTime();
    expect(leadMs).toBe(2_000);

    setting.letPass(leadMs - 1);
    expect(await stateOf(programId, version)).toBe(RuleSet_State.SCHEDULED);
    setting.letPass(1);
    expect(await stateOf(programId, version)).toBe(RuleSet_State.ACTIVE);
    expect(await stateOf(programId, 1)).toBe(RuleSet_State.SUPERSEDED);
    const { program } = await setting.clients.programs.getProgram({ programId }, admin());
    expect(program?.activeRuleSetVersion).toBe(version);
    // Readers who cached the program by its etag must notice.
    expect(program?.etag).not.toBe(etag);
  });

  test('may be for later, and is taken back while it is', async () => {
    const { programId } = await createActive(setting);
    const version = await draftVersion(programId);
    const effectiveTime = timestampFromMs(setting.now() + hourMs);
    const { ruleSet } = await ruleSets().publishRuleSet(
      { programId, version, effectiveTime },
      admin(),
    );
    expect(ruleSet).toMatchObject({ state: RuleSet_State.SCHEDULED, effectiveTime });
    const { ruleSet: withdrawn } = await ruleSets().withdrawRuleSet(
      { programId, version },
      admin(),
    );
    expect(withdrawn?.state).toBe(RuleSet_State.WITHDRAWN);
    const { ruleSet: again } = await ruleSets().withdrawRuleSet({ programId, version }, admin());
    expect(again).toEqual(withdrawn);
    await expect(ruleSets().publishRuleSet({ programId, version }, admin())).rejects.toMatchObject({
      reason: 'ILLEGAL_TRANSITION',
      metadata: { from: 'WITHDRAWN' },
    });
  });

  test('never takes effect in the past', async () => {
    const { programId } = await createDraft(setting);
    const version = await draftVersion(programId);
    const effectiveTime = timestampFromMs(setting.now() - 60_000);
    await expect(
      ruleSets().publishRuleSet({ programId, version, effectiveTime }, admin()),
    ).rejects.toMatchObject({
      reason: 'VALIDATION_FAILED',
      violations: [expect.objectContaining({ field: 'effective_time' })],
    });
    expect(await stateOf(programId, version)).toBe(RuleSet_State.DRAFT);
  });

  test('repeated answers the same; with another time it is refused', async () => {
    const { programId } = await createDraft(setting);
    const version = await draftVersion(programId);
    const first = await ruleSets().publishRuleSet({ programId, version }, admin());
    const second = await ruleSets().publishRuleSet({ programId, version }, admin());
    expect(second.ruleSet).toEqual(first.ruleSet);
    const effectiveTime = timestampFromMs(setting.now() + hourMs);
    await expect(
      ruleSets().publishRuleSet({ programId, version, effectiveTime }, admin()),
    ).rejects.toMatchObject({ reason: 'ILLEGAL_TRANSITION', metadata: { from: 'ACTIVE' } });
  });

  test('for a time within the lead is put off, and answers the same when it is repeated', async () => {
    const { programId } = await createActive(setting);
    const version = await draftVersion(programId);
    const requestedMs = setting.now() + 1_000;
    const publishFor = (ms: number) =>
      ruleSets().publishRuleSet(
        { programId, version, effectiveTime: timestampFromMs(ms) },
        admin(),
      );
    const first = await publishFor(requestedMs);
    const { publishTime, effectiveTime } = first.ruleSet ?? {};
    if (!publishTime || !effectiveTime) throw new Error('times are missing');
    expect(timestampMs(effectiveTime)).toBe(timestampMs(publishTime) + 2_000);
    expect((await publishFor(requestedMs)).ruleSet).toEqual(first.ruleSet);
    await expect(publishFor(timestampMs(effectiveTime) + 1)).rejects.toMatchObject({
      reason: 'ILLEGAL_TRANSITION',
    });
  });

  test('freezes the version', async () => {
    const { programId } = await createActive(setting);
    await expect(
      ruleSets().updateRuleSet(
        { programId, version: 1, ruleSet: { description: 'changed' } },
        admin(),
      ),
    ).rejects.toMatchObject({
      reason: 'ILLEGAL_TRANSITION',
      metadata: { from: 'ACTIVE', to: 'DRAFT' },
    });
    await expect(
      ruleSets().withdrawRuleSet({ programId, version: 1 }, admin()),
    ).rejects.toMatchObject({
      reason: 'ILLEGAL_TRANSITION',
      metadata: { from: 'ACTIVE', to: 'WITHDRAWN' },
    });
  });
});

test('versions are listed the newest first, page by page', async () => {
  const { programId } = await createDraft(setting);
  for (let version = 1; version <= 3; version++) await draftVersion(programId);
  const first = await ruleSets().listRuleSets({ programId, pageSize: 2 }, admin());
  expect(first.ruleSets.map(({ version }) => version)).toEqual([3, 2]);
  const second = await ruleSets().listRuleSets(
    { programId, pageSize: 2, pageToken: first.nextPageToken },
    admin(),
  );
  expect(second.ruleSets.map(({ version }) => version)).toEqual([1]);
  expect(second.nextPageToken).toBe('');
  const { programId: other } = await createDraft(setting);
  await expect(
    ruleSets().listRuleSets({ programId: other, pageToken: first.nextPageToken }, admin()),
  ).rejects.toMatchObject({ reason: 'VALIDATION_FAILED' });
});

test('a version that does not exist is answered so by every method', async () => {
  const { programId } = await createDraft(setting);
  const key = { programId, version: 7 };
  const attempts = [
    ruleSets().getRuleSet(key, admin()),
    ruleSets().updateRuleSet({ ...key, ruleSet: { description: 'x' } }, admin()),
    ruleSets().publishRuleSet(key, admin()),
    ruleSets().withdrawRuleSet(key, admin()),
  ];
  for (const attempt of await Promise.allSettled(attempts)) {
    expect(attempt).toMatchObject({
      status: 'rejected',
      reason: { reason: 'RULE_SET_NOT_FOUND', metadata: { programId, version: '7' } },
    });
  }
});
