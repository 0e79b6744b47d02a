import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { createDraft, type Setting, startSetting } from './running-programs.ts';

let setting: Setting;
beforeAll(async () => {
  setting = await startSetting();
});
afterAll(() => setting.stop());

const admin = () => ({ token: setting.tokens.admin });
const fixed = { case: 'fixed' as const, value: { points: 1n } };
const instantBeforeTime = { seconds: -99_999_999_999n, nanos: 0 };

test.each([
  { where: 'a name', program: { displayName: 'a\0b' }, field: 'program.display_name' },
  { where: 'metadata', program: { metadata: { a: '\0' } }, field: 'program.metadata["a"]' },
])('a NUL in $where is refused by the field’s name', async ({ program, field }) => {
  await expect(createDraft(setting, program)).rejects.toMatchObject({
    reason: 'VALIDATION_FAILED',
    violations: [{ field }],
  });
});

test('what no database can hold is refused deep inside rule sets and rewards, too', async () => {
  const { programId } = await createDraft(setting);
  const { ruleSets, rewards } = setting.clients;
  const rule = { ruleId: 'base', award: fixed };
  const ruleSetWith = (earnRule: object) =>
    ruleSets.createRuleSet(
      { programId, ruleSet: { earnRules: [{ ...rule, ...earnRule }] } },
      admin(),
    );
  await expect(ruleSetWith({ match: { skus: ['fine', 'a\0'] } })).rejects.toMatchObject({
    violations: [{ field: 'rule_set.earn_rules[0].match.skus[1]' }],
  });
  await expect(ruleSetWith({ schedule: { startTime: instantBeforeTime } })).rejects.toMatchObject({
    violations: [{ field: 'rule_set.earn_rules[0].schedule.start_time' }],
  });
  const reward = {
    rewardId: 'glass',
    displayName: 'A glass',
    price: fixed,
    availability: { endTime: instantBeforeTime },
  };
  await expect(rewards.createReward({ programId, reward }, admin())).rejects.toMatchObject({
    violations: [{ field: 'reward.availability.end_time' }],
  });
});

test('what is read while an operator keeps a table locked may be read later', async () => {
  const { programId } = await createDraft(setting);
  const client = new pg.Client(setting.databaseUrl);
  await client.connect();
  try {
    await client.query('BEGIN; LOCK TABLE programs IN ACCESS EXCLUSIVE MODE');
    await expect(setting.clients.programs.getProgram({ programId }, admin())).rejects.toMatchObject(
      { reason: 'STORAGE_UNAVAILABLE', retryAfterMs: expect.any(Number) },
    );
  } finally {
    await client.end();
  }
});

test('a change that waits too long for another one says so, and reading goes on', async () => {
  const { programId } = await createDraft(setting);
  const client = new pg.Client(setting.databaseUrl);
  await client.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT FROM programs WHERE program_id = $1 FOR UPDATE', [programId]);
    const { programs } = setting.clients;
    const change = programs.updateProgram({ programId, program: { displayName: 'New' } }, admin());
    await expect(programs.getProgram({ programId }, admin())).resolves.toBeDefined();
    await expect(change).rejects.toMatchObject({
      reason: 'CONTENTION',
      retryAfterMs: expect.any(Number),
    });
  } finally {
    await client.end();
  }
});
