import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execute } from '@loyalty/local/test-environment.ts';
import { createDraft, fivePerHundred, type Setting, startSetting } from './running-programs.ts';

let setting: Setting;
beforeAll(async () => {
  setting = await startSetting();
});
afterAll(() => setting.stop());

const admin = () => ({ token: setting.tokens.admin });
const price = { case: 'fixed' as const, value: { points: 10n } };

/** As large as a reward's metadata can be: 25 kB. */
function bulky(): Record<string, string> {
  const value = 'x'.repeat(500);
  return Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`key-${index}`, value]));
}

async function fill(programId: string, { rewards, size }: { rewards: number; size: number }) {
  await execute(
    setting.databaseUrl,
    `insert into rewards
     select '${programId}', 'r-' || n, 'ACTIVE',
       jsonb_build_object('fixed', '{"points": "1"}'::jsonb, 'displayName', repeat('x', ${size})),
       1, now(), now()
     from generate_series(1, ${rewards}) n`,
  );
}

test('a program has at most 1000 rewards and 1000 rule sets', async () => {
  const { programId } = await createDraft(setting);
  const { rewards, ruleSets } = setting.clients;
  await fill(programId, { rewards: 1_000, size: 1 });
  const reward = { rewardId: 'one-more', displayName: 'One more', price };
  const refusal = { reason: 'LIMIT_EXCEEDED', metadata: { limit: '1000' } };
  await expect(rewards.createReward({ programId, reward }, admin())).rejects.toMatchObject(refusal);

  await execute(
    setting.databaseUrl,
    `insert into rule_sets (program_id, version, definition, changed_in, create_time, update_time)
     select '${programId}', n, '{}', 1, now(), now() from generate_series(1, 1000) n`,
  );
  await expect(
    ruleSets.createRuleSet({ programId, ruleSet: fivePerHundred }, admin()),
  ).rejects.toMatchObject(refusal);
});

test('a rule set that is too large is refused with its size', async () => {
  const { programId } = await createDraft(setting);
  const skus = Array.from({ length: 200 }, (_, index) => `${index}-${'x'.repeat(100)}`);
  const earnRules = Array.from({ length: 10 }, (_, index) => ({
    ruleId: `r${index}`,
    award: price,
    match: { skus },
  }));
  await expect(
    setting.clients.ruleSets.createRuleSet({ programId, ruleSet: { earnRules } }, admin()),
  ).rejects.toMatchObject({
    reason: 'VALIDATION_FAILED',
    violations: [{ field: 'rule_set', message: expect.stringMatching(/more than 131072/) }],
  });
});

test('a program never grows beyond what the ledger can receive', async () => {
  const { programId } = await createDraft(setting);
  const { programs, rewards, ruleSets } = setting.clients;
  await fill(programId, { rewards: 999, size: 3_000 });
  const reward = { rewardId: 'bulky', displayName: 'Bulky', price };
  await rewards.createReward({ programId, reward }, admin());
  await fillUp(programId);
  const metadata = bulky();
  const refusal = { reason: 'LIMIT_EXCEEDED', metadata: { limit: String(3 * 1024 * 1024) } };
  await expect(
    rewards.updateReward({ programId, rewardId: 'bulky', reward: { metadata } }, admin()),
  ).rejects.toMatchObject(refusal);
  await ruleSets.createRuleSet({ programId, ruleSet: fivePerHundred }, admin());
  await expect(ruleSets.publishRuleSet({ programId, version: 1 }, admin())).rejects.toMatchObject(
    refusal,
  );
  const snapshot = await programs.getProgramSnapshot(
    { programId },
    { token: setting.tokens.service },
  );
  expect(snapshot.rewards).toHaveLength(1_000);
});

test('a version that was withdrawn still takes its room, and the refusal says so', async () => {
  const { programId } = await createDraft(setting);
  const { ruleSets } = setting.clients;
  await fill(programId, { rewards: 999, size: 3_000 });
  for (const version of [1, 2]) {
    await ruleSets.createRuleSet({ programId, ruleSet: fivePerHundred }, admin());
    if (version === 2) continue;
    const effectiveTime = timestampFromMs(setting.now() + 3_600_000);
    await ruleSets.publishRuleSet({ programId, version, effectiveTime }, admin());
    await ruleSets.withdrawRuleSet({ programId, version }, admin());
  }
  await fillUp(programId);
  // There is room for one of the two.
  await execute(
    setting.databaseUrl,
    `update rewards set definition = rewards.definition || jsonb_build_object('displayName', (
       select left(rewards.definition ->> 'displayName', -octet_length(rule_sets.definition::text))
       from rule_sets where program_id = '${programId}' and version = 2
     ))
     where program_id = '${programId}' and reward_id = 'r-1'`,
  );
  await expect(ruleSets.publishRuleSet({ programId, version: 2 }, admin())).rejects.toMatchObject({
    reason: 'LIMIT_EXCEEDED',
    message: expect.stringContaining('withdrawn ones included'),
  });
});

/** Leaves no room for another byte. */
async function fillUp(programId: string) {
  await execute(
    setting.databaseUrl,
    `update rewards set definition = definition
       || jsonb_build_object('displayName', repeat('x', 3000 + (3145728 - (
         select sum(octet_length(definition::text)) from rewards where program_id = '${programId}'
       ))::int))
     where program_id = '${programId}' and reward_id = 'r-1'`,
  );
}

test('a page of large items is shorter than asked for, and the next one goes on', async () => {
  const { programId } = await createDraft(setting);
  const count = 120;
  for (let index = 0; index < count; index++) {
    const reward = {
      rewardId: `r-${String(index).padStart(3, '0')}`,
      displayName: 'Bulky',
      price,
      metadata: bulky(),
    };
    await setting.clients.rewards.createReward({ programId, reward }, admin());
  }
  const ids: string[] = [];
  let pages = 0;
  let pageToken = '';
  do {
    const request = { programId, pageSize: 500, pageToken };
    const page = await setting.clients.rewards.listRewards(request, admin());
    ids.push(...page.rewards.map(({ rewardId }) => rewardId));
    pages += 1;
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  expect(pages).toBeGreaterThan(1);
  expect(new Set(ids).size).toBe(count);
  expect(ids).toEqual(ids.toSorted());
});
