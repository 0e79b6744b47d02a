import { fromBinary } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually, patience } from '@loyalty/local/test-patience.ts';
import { createLogger } from '@loyalty/platform/logging.ts';
import { connectNats, type Nats } from '@loyalty/platform/messaging/connection.ts';
import { followLatest, type IncomingMessage } from '@loyalty/platform/messaging/consumer.ts';
import { ProgramChangedSchema } from '@loyalty/proto/loyalty/events/v1/program_changed_pb.ts';
import { RuleSet_State } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import {
  createActive,
  createDraft,
  fivePerHundred,
  newProgramId,
  type Setting,
  startSetting,
} from './running-programs.ts';

let setting: Setting;
let nats: Nats;
let following: Promise<void>;
const received: IncomingMessage[] = [];
const leaving = new AbortController();

beforeAll(async () => {
  setting = await startSetting();
  const logger = createLogger({ name: 'test', level: 'silent' });
  nats = connectNats({ url: setting.natsUrl, name: 'test', logger });
  following = followLatest({
    nats,
    stream: 'LOYALTY_EVENTS',
    filter: 'loyalty.events.v1.>',
    handle: async (message) => {
      received.push(message);
    },
    signal: leaving.signal,
    logger,
  });
  // A consumer that begins to follow late sees only the last event of each program.
  const { programId } = await createDraft(setting);
  await eventually(() => {
    if (eventsOf(programId).length === 0) throw new Error('the first event has not arrived');
  });
});
afterAll(async () => {
  leaving.abort();
  await following;
  await nats.close();
  await setting.stop();
});

const admin = () => ({ token: setting.tokens.admin });
const service = () => ({ token: setting.tokens.service });

const glass = {
  rewardId: 'glass',
  displayName: 'A glass',
  price: { case: 'fixed' as const, value: { points: 10n } },
};

function eventsOf(programId: string): IncomingMessage[] {
  const subject = `loyalty.events.v1.${programId}.program.changed`;
  return received.filter((message) => message.subject === subject);
}

describe('every change', () => {
  test('is announced once, with its revision, who made it and in which call', async () => {
    const { programId } = await createDraft(setting);
    const { programs, ruleSets, rewards } = setting.clients;
    await ruleSets.createRuleSet({ programId, ruleSet: fivePerHundred }, admin());
    await ruleSets.publishRuleSet({ programId, version: 1 }, admin());
    await programs.activateProgram({ programId }, admin());
    await rewards.createReward({ programId, reward: glass }, admin());
    await programs.updateProgram(
      { programId, program: { displayName: 'New' } },
      { ...admin(), requestId: 'call-of-the-update' },
    );
    // Changes nothing, so there is nothing to announce.
    await programs.activateProgram({ programId }, admin());
    await programs.suspendProgram({ programId }, admin());

    const events = await eventually(() => {
      const arrived = eventsOf(programId);
      expect(arrived.length).toBeGreaterThanOrEqual(7);
      return arrived;
    });
    const changes = events.map(({ data }) => fromBinary(ProgramChangedSchema, data));
    expect(changes.map(({ revision }) => Number(revision)).toSorted((a, b) => a - b)).toEqual([
      1, 2, 3, 4, 5, 6, 7,
    ]);
    expect(changes.every((change) => change.programId === programId)).toBe(true);
    const updated = events.find((event) => event.header('ce-id') === `${programId}-6`);
    expect(updated?.header('ce-type')).toBe('loyalty.program.changed');
    expect(updated?.header('ce-source')).toBe('/programs');
    expect(updated?.header('ce-specversion')).toBe('1.0');
    expect(updated?.header('ce-subject')).toBe(programId);
    expect(updated?.header('ce-requestid')).toBe('call-of-the-update');
    expect(updated?.header('ce-actor')).toBe('admin:jane');
    expect(updated?.header('content-type')).toBe('application/protobuf');
  });

  test('that was refused is not announced', async () => {
    const { programId } = await createDraft(setting);
    const { programs } = setting.clients;
    await expect(programs.suspendProgram({ programId }, admin())).rejects.toMatchObject({
      reason: 'ILLEGAL_TRANSITION',
    });
    await programs.updateProgram({ programId, program: { displayName: 'New' } }, admin());
    await eventually(() => expect(eventsOf(programId)).toHaveLength(2));
  });
});

test(
  'changes are made while NATS is away, and announced once it is back',
  async () => {
    const cutOff = await setting.startReplica({ natsUrl: 'nats://127.0.0.1:1' });
    const programId = newProgramId();
    await cutOff.clients.programs.createProgram(
      { program: { programId, displayName: 'Made meanwhile' } },
      admin(),
    );
    await cutOff.stop();
    await eventually(() => expect(eventsOf(programId)).toHaveLength(1));
  },
  patience(30_000),
);

describe('a snapshot', () => {
  test('has the program, all that was ever published and all rewards, as of one revision', async () => {
    const { programId } = await createActive(setting);
    const { programs, ruleSets, rewards } = setting.clients;
    await rewards.createReward({ programId, reward: glass }, admin());
    const effectiveTime = timestampFromMs(setting.now() + 3_600_000);
    for (const version of [2, 3, 4]) {
      await ruleSets.createRuleSet({ programId, ruleSet: fivePerHundred }, admin());
      if (version === 4) continue;
      await ruleSets.publishRuleSet({ programId, version, effectiveTime }, admin());
    }
    await ruleSets.withdrawRuleSet({ programId, version: 2 }, admin());

    const snapshot = await programs.getProgramSnapshot({ programId }, service());
    const { program } = await programs.getProgram({ programId }, service());
    expect(snapshot.program).toEqual(program);
    expect(snapshot.ruleSets.map(({ version, state }) => [version, state])).toEqual([
      [1, RuleSet_State.ACTIVE],
      // It may have earned where its withdrawal came late.
      [2, RuleSet_State.WITHDRAWN],
      [3, RuleSet_State.SCHEDULED],
    ]);
    expect(snapshot.rewards).toMatchObject([glass]);
    // Created, drafted, published and activated; the reward; three drafts, two publications and a withdrawal.
    expect(snapshot.revision).toBe(11n);
  });

  test('for one who knows a revision has only what has changed since', async () => {
    const { programId } = await createActive(setting);
    const { programs, ruleSets, rewards } = setting.clients;
    await rewards.createReward({ programId, reward: glass }, admin());
    const known = await programs.getProgramSnapshot({ programId }, service());
    const { epoch, revision: knownRevision } = known;
    const changed = async () => {
      const query = { programId, epoch, knownRevision };
      const snapshot = await programs.getProgramSnapshot(query, service());
      return {
        program: snapshot.program?.displayName,
        ruleSets: snapshot.ruleSets.map(({ version, state }) => [version, state]),
        rewards: snapshot.rewards.map(({ rewardId }) => rewardId),
      };
    };
    const program = 'Wine & Dine';
    expect(await changed()).toEqual({ program, ruleSets: [], rewards: [] });

    await ruleSets.createRuleSet({ programId, ruleSet: fivePerHundred }, admin());
    const effectiveTime = timestampFromMs(setting.now() + 3_600_000);
    await ruleSets.publishRuleSet({ programId, version: 2, effectiveTime }, admin());
    await rewards.createReward({ programId, reward: { ...glass, rewardId: 'bottle' } }, admin());
    const scheduled = [[2, RuleSet_State.SCHEDULED]];
    expect(await changed()).toEqual({ program, ruleSets: scheduled, rewards: ['bottle'] });
    await ruleSets.withdrawRuleSet({ programId, version: 2 }, admin());
    const withdrawn = [[2, RuleSet_State.WITHDRAWN]];
    expect(await changed()).toEqual({ program, ruleSets: withdrawn, rewards: ['bottle'] });
  });

  test('never mixes two revisions, however fast they follow each other', async () => {
    const { programId } = await createActive(setting);
    const { programs, rewards } = setting.clients;
    const { revision: start } = await programs.getProgramSnapshot({ programId }, service());
    const changes = 10;
    const changing = (async () => {
      for (let index = 0; index < changes; index++) {
        await rewards.createReward(
          { programId, reward: { ...glass, rewardId: `glass-${index}` } },
          admin(),
        );
      }
    })();
    let seen = 0;
    while (seen < changes) {
      const snapshot = await programs.getProgramSnapshot({ programId }, service());
      seen = Number(snapshot.revision - start);
      expect(snapshot.rewards).toHaveLength(seen);
    }
    await changing;
  });
});
