import { timestampDate, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ProgramChange_Verb as Verb } from '@loyalty/proto/loyalty/programs/v1/program_change_pb.ts';
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

async function changesOf(programId: string) {
  const { changes } = await setting.clients.programs.listProgramChanges({ programId }, admin());
  return changes;
}

test('the audit says which version was copied', async () => {
  const { programId } = await createActive(setting);
  const { ruleSets } = setting.clients;
  await ruleSets.copyRuleSet({ programId, version: 1 }, admin());
  await ruleSets.copyRuleSet({ programId, version: 2 }, admin());
  const changes = await changesOf(programId);
  expect(
    changes
      .slice(0, 3)
      .map(({ verb, ruleSetVersion, copiedFromVersion }) => [
        verb,
        ruleSetVersion,
        copiedFromVersion,
      ]),
  ).toEqual([
    [Verb.COPY_RULE_SET, 3, 2],
    [Verb.COPY_RULE_SET, 2, 1],
    [Verb.ACTIVATE_PROGRAM, 0, 0],
  ]);
});

test('the audit tells who changed what, the newest first', async () => {
  const { programId } = await createActive(setting);
  const { rewards, programs } = setting.clients;
  const reward = {
    rewardId: 'glass',
    displayName: 'A glass',
    price: { case: 'fixed' as const, value: { points: 10n } },
  };
  await rewards.createReward({ programId, reward }, admin());
  await programs.updateProgram(
    { programId, program: { displayName: 'New', metadata: { a: '1' } } },
    { ...admin(), requestId: 'the-request' },
  );
  const changes = await changesOf(programId);
  expect(
    changes.map(({ verb, ruleSetVersion, rewardId }) => [verb, ruleSetVersion, rewardId]),
  ).toEqual([
    [Verb.UPDATE_PROGRAM, 0, ''],
    [Verb.CREATE_REWARD, 0, 'glass'],
    [Verb.ACTIVATE_PROGRAM, 0, ''],
    [Verb.PUBLISH_RULE_SET, 1, ''],
    [Verb.CREATE_RULE_SET, 1, ''],
    [Verb.CREATE_PROGRAM, 0, ''],
  ]);
  expect(changes.map(({ revision }) => Number(revision))).toEqual([6, 5, 4, 3, 2, 1]);
  expect(changes[0]).toMatchObject({
    programId,
    actor: 'admin:jane',
    requestId: 'the-request',
    fields: [
      { field: 'displayName', before: '"Wine & Dine"', after: '"New"' },
      { field: 'metadata', before: '{}', after: '{"a":"1"}' },
    ],
  });
  expect(changes[0]?.changeTime).toBeDefined();
  expect(changes[2]?.fields).toMatchObject([{ before: '"DRAFT"', after: '"ACTIVE"' }]);
});

test('the audit has a line for each kind of change, and none for what changed nothing', async () => {
  const { programId } = await createActive(setting);
  const { rewards, programs, ruleSets } = setting.clients;
  const price = { case: 'fixed' as const, value: { points: 10n } };
  const glass = { rewardId: 'glass', displayName: 'A glass', price };
  await rewards.createReward({ programId, reward: glass }, admin());
  const dearer = { price: { ...price, value: { points: 12n } } };
  for (const _ of ['first', 'again']) {
    await rewards.updateReward({ programId, rewardId: 'glass', reward: dearer }, admin());
  }
  await ruleSets.createRuleSet({ programId, ruleSet: fivePerHundred }, admin());
  const description = 'Five for each hundred';
  for (const _ of ['first', 'again']) {
    await ruleSets.updateRuleSet({ programId, version: 2, ruleSet: { description } }, admin());
  }
  const effectiveTime = timestampFromMs(setting.now() + 3_600_000);
  await ruleSets.publishRuleSet({ programId, version: 2, effectiveTime }, admin());
  await ruleSets.withdrawRuleSet({ programId, version: 2 }, admin());
  await programs.suspendProgram({ programId }, admin());

  const changes = await changesOf(programId);
  expect(
    changes.slice(0, 7).map(({ verb, fields: [first] }) => [verb, first?.before, first?.after]),
  ).toEqual([
    [Verb.SUSPEND_PROGRAM, '"ACTIVE"', '"SUSPENDED"'],
    [Verb.WITHDRAW_RULE_SET, '"SCHEDULED"', '"WITHDRAWN"'],
    [Verb.PUBLISH_RULE_SET, '', JSON.stringify(timestampDate(effectiveTime))],
    [Verb.UPDATE_RULE_SET, '', JSON.stringify(description)],
    [Verb.CREATE_RULE_SET, '', expect.stringContaining('"ruleId":"base"')],
    [Verb.UPDATE_REWARD, '{"points":"10"}', '{"points":"12"}'],
    [Verb.CREATE_REWARD, '', expect.any(String)],
  ]);
  expect(changes.every(({ actor, changeTime }) => actor === 'admin:jane' && changeTime)).toBe(true);
});

test('the order of a map’s keys is no change', async () => {
  const { programId } = await createDraft(setting, { metadata: { bb: '1', a: '2' } });
  const program = { metadata: { a: '2', bb: '1' } };
  await setting.clients.programs.updateProgram({ programId, program }, admin());
  expect(await changesOf(programId)).toHaveLength(1);
});

test('long values are cut in the audit, and kept whole in the object', async () => {
  const skus = Array.from({ length: 200 }, (_, index) => `an article with the number ${index}`);
  const { programId } = await createDraft(setting);
  const award = { case: 'fixed' as const, value: { points: 1n } };
  const earnRules = [{ ruleId: 'base', award, match: { skus } }];
  const { ruleSets } = setting.clients;
  const { ruleSet } = await ruleSets.createRuleSet({ programId, ruleSet: { earnRules } }, admin());
  expect(ruleSet?.earnRules[0]?.match?.skus).toEqual(skus);
  const [change] = await changesOf(programId);
  const rule = change?.fields.find(({ field }) => field === 'earnRules[base]');
  expect(rule?.after).toHaveLength(2_000);
});

test('the audit shows what changed in one of many rules', async () => {
  const { programId } = await createDraft(setting);
  const rules = (last: bigint) =>
    Array.from({ length: 20 }, (_, index) => ({
      ruleId: `rule-${index}`,
      displayName: `A rule with the number ${index}`,
      award: { case: 'fixed' as const, value: { points: index === 19 ? last : 10n } },
      match: { channels: ['web', 'store'] },
    }));
  const { ruleSets } = setting.clients;
  await ruleSets.createRuleSet({ programId, ruleSet: { earnRules: rules(10n) } }, admin());
  const ruleSet = { earnRules: rules(999_999n) };
  await ruleSets.updateRuleSet({ programId, version: 1, ruleSet }, admin());
  const [change] = await changesOf(programId);
  expect(change?.fields).toMatchObject([
    {
      field: 'earnRules[rule-19]',
      before: expect.stringContaining('"points":"10"'),
      after: expect.stringContaining('"points":"999999"'),
    },
  ]);
});

test('the audit is read page by page, by admins only, and of programs that exist', async () => {
  const { programId } = await createActive(setting);
  const { programs } = setting.clients;
  const first = await programs.listProgramChanges({ programId, pageSize: 3 }, admin());
  expect(first.changes.map(({ revision }) => Number(revision))).toEqual([4, 3, 2]);
  const pageToken = first.nextPageToken;
  const second = await programs.listProgramChanges({ programId, pageSize: 3, pageToken }, admin());
  expect(second.changes.map(({ revision }) => Number(revision))).toEqual([1]);
  expect(second.nextPageToken).toBe('');
  await expect(
    programs.listProgramChanges({ programId }, { token: setting.tokens.service }),
  ).rejects.toMatchObject({ reason: 'PERMISSION_DENIED' });
  await expect(
    programs.listProgramChanges({ programId: newProgramId() }, admin()),
  ).rejects.toMatchObject({ reason: 'PROGRAM_NOT_FOUND' });
});
