import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Reward_State } from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
import {
  createActive,
  createDraft,
  newProgramId,
  type Setting,
  startSetting,
  tokenOf,
} from './running-programs.ts';

let setting: Setting;
beforeAll(async () => {
  setting = await startSetting();
});
afterAll(() => setting.stop());

const admin = () => ({ token: setting.tokens.admin });
const member = () => ({ token: setting.tokens.member });

async function listedTo(token: string): Promise<string[]> {
  const ids: string[] = [];
  let pageToken = '';
  do {
    const page = await setting.clients.programs.listPrograms({ pageSize: 2, pageToken }, { token });
    ids.push(...page.programs.map(({ programId }) => programId));
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return ids;
}

describe('programs', () => {
  test('are shown to members while they are active or suspended', async () => {
    const { programs } = setting.clients;
    const draft = await createDraft(setting);
    const active = await createActive(setting);
    const suspended = await createActive(setting);
    await programs.suspendProgram({ programId: suspended.programId }, admin());
    const archived = await createDraft(setting);
    await programs.archiveProgram({ programId: archived.programId }, admin());

    const listed = await listedTo(setting.tokens.member);
    for (const { programId } of [active, suspended]) {
      expect(listed).toContain(programId);
      const { program } = await programs.getProgram({ programId }, member());
      expect(program?.programId).toBe(programId);
    }
    for (const { programId } of [draft, archived]) {
      expect(listed).not.toContain(programId);
      await expect(programs.getProgram({ programId }, member())).rejects.toMatchObject({
        reason: 'PROGRAM_NOT_FOUND',
        metadata: { programId },
      });
    }
    for (const token of [setting.tokens.admin, setting.tokens.service]) {
      const all = await listedTo(token);
      for (const { programId } of [draft, active, suspended, archived]) {
        expect(all).toContain(programId);
      }
    }
  });

  test('are listed by id, each once, however small the pages', async () => {
    await Promise.all(Array.from({ length: 5 }, () => createDraft(setting)));
    const listed = await listedTo(setting.tokens.admin);
    expect(listed.length).toBeGreaterThanOrEqual(5);
    expect(listed).toEqual([...new Set(listed)].toSorted());
  });

  test('outside of a token’s programs are neither listed nor answered', async () => {
    const mine = await createDraft(setting);
    const other = await createDraft(setting);
    const token = await tokenOf({ role: 'admin', programs: [mine.programId] });
    expect(await listedTo(token)).toEqual([mine.programId]);
    await expect(
      setting.clients.programs.getProgram({ programId: other.programId }, { token }),
    ).rejects.toMatchObject({ reason: 'PERMISSION_DENIED' });
  });

  test('outside of a token’s programs have no revisions to tell', async () => {
    const [mine, other] = [await createDraft(setting), await createDraft(setting)];
    const token = await tokenOf({ role: 'service', programs: [mine.programId] });
    const listed = async (caller: { token: string }) => {
      const { epoch } = await setting.clients.programs.listProgramRevisions({}, caller);
      const list = await setting.clients.programs.listProgramRevisions({ epoch }, caller);
      return list.revisions.map(({ programId }) => programId);
    };
    expect(await listed({ token })).toEqual([mine.programId]);
    expect(await listed({ token: setting.tokens.service })).toContain(other.programId);
  });

  test('are shown to members without metadata', async () => {
    const { programs } = setting.clients;
    const { programId } = await createActive(setting, { metadata: { erp: 'A-17' } });
    const shownTo = async (token: string) => {
      const { program } = await programs.getProgram({ programId }, { token });
      const { programs: listed } = await programs.listPrograms({ pageSize: 500 }, { token });
      const inList = listed.find((each) => each.programId === programId);
      return [program?.metadata, inList?.metadata];
    };
    expect(await shownTo(setting.tokens.member)).toEqual([{}, {}]);
    for (const token of [setting.tokens.admin, setting.tokens.service]) {
      expect(await shownTo(token)).toEqual([{ erp: 'A-17' }, { erp: 'A-17' }]);
    }
  });

  test('are not listed from a token of another list or a negative size on', async () => {
    const { programs } = setting.clients;
    for (const request of [{ pageToken: 'bogus' }, { pageSize: -1 }]) {
      await expect(programs.listPrograms(request, admin())).rejects.toMatchObject({
        reason: 'VALIDATION_FAILED',
      });
    }
  });
});

describe('rewards', () => {
  const fixed = { case: 'fixed' as const, value: { points: 10n } };

  test('are listed to members while they are offered', async () => {
    const { programId } = await createActive(setting);
    const { rewards } = setting.clients;
    for (const rewardId of ['glass', 'bottle']) {
      const reward = { rewardId, displayName: rewardId, price: fixed };
      await rewards.createReward({ programId, reward }, admin());
    }
    const state = Reward_State.ARCHIVED;
    await rewards.updateReward({ programId, rewardId: 'bottle', reward: { state } }, admin());
    const idsFor = async (token: string) => {
      const list = await rewards.listRewards({ programId }, { token });
      return list.rewards.map(({ rewardId }) => rewardId);
    };
    expect(await idsFor(setting.tokens.member)).toEqual(['glass']);
    expect(await idsFor(setting.tokens.admin)).toEqual(['bottle', 'glass']);
  });

  test('are shown to members without metadata and condition', async () => {
    const { programId } = await createActive(setting);
    const { rewards } = setting.clients;
    const own = { condition: 'member.lifetime_earned >= 1000', metadata: { erp: 'A-17' } };
    const texts = { description: 'Red or white.', imageUri: 'https://images.example.test/1.png' };
    const reward = { rewardId: 'glass', displayName: 'A glass', price: fixed, ...texts, ...own };
    const { reward: created } = await rewards.createReward({ programId, reward }, admin());
    const shownTo = async (token: string) => {
      const { reward: read } = await rewards.getReward({ programId, rewardId: 'glass' }, { token });
      const { rewards: listed } = await rewards.listRewards({ programId }, { token });
      return [read, ...listed];
    };
    const toMembers = { ...created, condition: '', metadata: {}, etag: `${created?.etag}-m` };
    expect(toMembers).toMatchObject(texts);
    expect(await shownTo(setting.tokens.member)).toEqual([toMembers, toMembers]);
    for (const token of [setting.tokens.admin, setting.tokens.service]) {
      expect(await shownTo(token)).toEqual([created, created]);
    }
  });

  test('of a draft do not exist for members', async () => {
    const { programId } = await createDraft(setting);
    const { rewards } = setting.clients;
    const reward = { rewardId: 'glass', displayName: 'A glass', price: fixed };
    await rewards.createReward({ programId, reward }, admin());
    const notFound = { reason: 'PROGRAM_NOT_FOUND' };
    await expect(
      rewards.getReward({ programId, rewardId: 'glass' }, member()),
    ).rejects.toMatchObject(notFound);
    await expect(rewards.listRewards({ programId }, member())).rejects.toMatchObject(notFound);
  });
});

test('rule sets, changes and snapshots are not for members', async () => {
  const { programId } = await createActive(setting);
  const { programs, ruleSets, rewards } = setting.clients;
  const denied = { reason: 'PERMISSION_DENIED' };
  const attempts = [
    ruleSets.getRuleSet({ programId, version: 1 }, member()),
    ruleSets.listRuleSets({ programId }, member()),
    ruleSets.createRuleSet({ programId, ruleSet: {} }, member()),
    ruleSets.copyRuleSet({ programId, version: 1 }, member()),
    ruleSets.publishRuleSet({ programId, version: 1 }, member()),
    ruleSets.withdrawRuleSet({ programId, version: 1 }, member()),
    programs.updateProgram({ programId, program: { displayName: 'x' } }, member()),
    programs.suspendProgram({ programId }, member()),
    programs.getProgramSnapshot({ programId }, member()),
    programs.listProgramRevisions({}, member()),
    // The ledger's view is for services alone.
    programs.getProgramSnapshot({ programId }, admin()),
    programs.listProgramRevisions({}, admin()),
    rewards.updateReward({ programId, rewardId: 'glass', reward: { displayName: 'x' } }, member()),
  ];
  for (const attempt of await Promise.allSettled(attempts)) {
    expect(attempt).toMatchObject({ status: 'rejected', reason: denied });
  }
});

test('what does not exist is answered so at every reading method', async () => {
  const programId = newProgramId();
  const { programs, ruleSets, rewards } = setting.clients;
  const attempts = [
    programs.getProgram({ programId }, member()),
    programs.getProgramSnapshot({ programId }, { token: setting.tokens.service }),
    ruleSets.getRuleSet({ programId, version: 1 }, admin()),
    ruleSets.listRuleSets({ programId }, admin()),
    rewards.getReward({ programId, rewardId: 'glass' }, admin()),
    rewards.listRewards({ programId }, admin()),
  ];
  for (const attempt of await Promise.allSettled(attempts)) {
    expect(attempt).toMatchObject({
      status: 'rejected',
      reason: { reason: 'PROGRAM_NOT_FOUND' },
    });
  }
});
