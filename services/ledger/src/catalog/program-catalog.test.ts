import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createLogger } from '@loyalty/platform/logging.ts';
import { Program_State, ProgramSchema } from '@loyalty/proto/loyalty/programs/v1/program_pb.ts';
import {
  type GetProgramSnapshotResponse,
  GetProgramSnapshotResponseSchema,
} from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import { RuleSet_State } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { eventually } from '../../test/eventually.ts';
import type { ProgramSnapshot } from '../app/program-snapshots.ts';
import { ProgramNotFound, ProgramsUnavailable } from '../domain/errors.ts';
import { createProgramCatalog, type KeptCatalog } from './program-catalog.ts';

const programId = 'wine-dine';
let stopping: AbortController;
beforeEach(() => {
  stopping = new AbortController();
});
afterEach(() => stopping.abort());

type Answer = () => Promise<GetProgramSnapshotResponse>;

/** A catalog whose questions are answered in turn; the last answer is repeated. */
function catalogOf(...answers: Answer[]) {
  const asked: string[] = [];
  const revisions: bigint[] = [];
  const stored = new Map<string, ProgramSnapshot>();
  const changes: string[] = [];
  /** What storing waits for. */
  const disk = { ready: Promise.resolve() };
  const catalog: KeptCatalog = createProgramCatalog({
    source: {
      snapshot({ programId: id, knownRevision }) {
        asked.push(id);
        revisions.push(knownRevision);
        const answer = answers.length > 1 ? answers.shift() : answers[0];
        if (answer === undefined) throw new Error('nothing to answer');
        return answer();
      },
    },
    snapshots: {
      find: async (id) => stored.get(id)?.content,
      keep: async (snapshot) => {
        await disk.ready;
        stored.set(snapshot.programId, snapshot);
      },
    },
    logger: createLogger({ name: 'test', level: 'silent' }),
    onChange: (after, before) => changes.push(`${before.state} to ${after.state}`),
    signal: stopping.signal,
  });
  return { catalog, asked, revisions, stored, changes, disk };
}

function aProgram(settings: { state: Program_State; timeZone?: string }) {
  return create(ProgramSchema, { programId, ...settings });
}

function snapshot(
  revision: bigint,
  changes: MessageInitShape<typeof GetProgramSnapshotResponseSchema> = {},
): Answer {
  const program = aProgram({ state: Program_State.ACTIVE, timeZone: 'Europe/Paris' });
  const message = create(GetProgramSnapshotResponseSchema, { program, revision, ...changes });
  return () => Promise.resolve(message);
}

/** Stores a definition as another process does. */
async function store(stored: Map<string, ProgramSnapshot>, revision: bigint): Promise<void> {
  const content = toBinary(GetProgramSnapshotResponseSchema, await snapshot(revision)());
  stored.set(programId, { programId, revision, content });
}

const absent: Answer = () => Promise.reject(new ProgramNotFound(programId));
const away: Answer = () => Promise.reject(new ProgramsUnavailable(programId, undefined));

describe('a program', () => {
  test('is asked for once, however many need it at the same time', async () => {
    const { catalog, asked } = catalogOf(snapshot(1n));
    await Promise.all(Array.from({ length: 50 }, () => catalog.get(programId)));
    await catalog.get(programId);
    expect(asked).toHaveLength(1);
  });

  test('that doesn’t exist isn’t asked for again at once, but is as soon as it is announced', async () => {
    const { catalog, asked } = catalogOf(absent, snapshot(1n));
    await expect(catalog.get(programId)).rejects.toThrow(ProgramNotFound);
    await expect(catalog.get(programId)).rejects.toThrow(ProgramNotFound);
    expect(asked).toHaveLength(1);
    catalog.announce({ programId, revision: 1n });
    expect((await catalog.get(programId)).revision).toBe(1n);
  });

  test('that is announced is asked for until the answer is as new', async () => {
    const { catalog } = catalogOf(snapshot(1n), away, snapshot(1n), snapshot(2n));
    await catalog.get(programId);
    catalog.announce({ programId, revision: 2n });
    await eventually(async () => expect((await catalog.get(programId)).revision).toBe(2n));
  });

  test('is as the Programs service says now for those who must know, and as it was while that is away', async () => {
    const archived = { program: aProgram({ state: Program_State.ARCHIVED }) };
    const { catalog } = catalogOf(snapshot(1n), away, snapshot(2n, archived));
    expect(await catalog.getLatest(programId)).toMatchObject({ state: 'ACTIVE' });
    expect(await catalog.getLatest(programId)).toMatchObject({ state: 'ACTIVE', revision: 1n });
    expect(await catalog.get(programId)).toMatchObject({ revision: 1n });
    expect(await catalog.getLatest(programId)).toMatchObject({ state: 'ARCHIVED' });
  });

  test('that changes while it is asked for the first time is asked for again', async () => {
    const first = Promise.withResolvers<GetProgramSnapshotResponse>();
    const { catalog } = catalogOf(() => first.promise, snapshot(2n));
    const got = catalog.get(programId);
    catalog.announce({ programId, revision: 2n });
    first.resolve(await snapshot(1n)());
    await got;
    await eventually(async () => expect((await catalog.get(programId)).revision).toBe(2n));
  });

  test('is never replaced by an older answer', async () => {
    const slow = Promise.withResolvers<GetProgramSnapshotResponse>();
    const { catalog, stored } = catalogOf(snapshot(1n), () => slow.promise, snapshot(1n));
    await catalog.get(programId);
    catalog.announce({ programId, revision: 3n });
    slow.resolve(await snapshot(3n)());
    await eventually(async () => expect((await catalog.get(programId)).revision).toBe(3n));
    expect(stored.get(programId)?.revision).toBe(3n);
    catalog.announce({ programId, revision: 2n });
    expect((await catalog.get(programId)).revision).toBe(3n);
  });

  test('known from before is used while the Programs service is away, and followed', async () => {
    const { catalog, stored } = catalogOf(away, away, snapshot(2n));
    await store(stored, 1n);
    expect((await catalog.get(programId)).revision).toBe(1n);
    catalog.announce({ programId, revision: 2n });
    await eventually(async () => expect((await catalog.get(programId)).revision).toBe(2n));
  });

  test('that another replica was told of is used while the Programs service is away', async () => {
    const { catalog, stored } = catalogOf(snapshot(1n), away);
    await catalog.get(programId);
    await store(stored, 2n);
    catalog.announce({ programId, revision: 2n });
    await eventually(async () => expect((await catalog.get(programId)).revision).toBe(2n));
  });

  test('that was stored by another replica is loaded when it is announced', async () => {
    const { catalog, stored } = catalogOf(snapshot(2n));
    await store(stored, 1n);
    catalog.follow(programId);
    catalog.announce({ programId, revision: 2n });
    await eventually(() => expect(stored.get(programId)?.revision).toBe(2n));
  });

  test('that nobody has ever asked for is left alone when it is announced', async () => {
    const { catalog, asked, stored } = catalogOf(snapshot(2n));
    catalog.announce({ programId: 'of-others', revision: 2n });
    catalog.follow(programId);
    catalog.announce({ programId, revision: 2n });
    await eventually(() => expect(stored.get(programId)?.revision).toBe(2n));
    expect(asked).toEqual([programId]);
  });

  test('that doesn’t exist, or can’t be asked for, is not followed', async () => {
    const { catalog } = catalogOf(absent, away);
    await expect(catalog.get(programId)).rejects.toThrow(ProgramNotFound);
    await expect(catalog.get('another')).rejects.toThrow(ProgramsUnavailable);
    expect([...catalog.followed]).toEqual([]);
  });

  test('never known here is unavailable while the Programs service is away', async () => {
    const { catalog } = catalogOf(away);
    await expect(catalog.get(programId)).rejects.toThrow(ProgramsUnavailable);
  });

  test('tells when its state changes', async () => {
    const suspended = aProgram({ state: Program_State.SUSPENDED });
    const { catalog, changes } = catalogOf(snapshot(1n, { program: suspended }), snapshot(2n));
    await catalog.get(programId);
    catalog.announce({ programId, revision: 2n });
    await eventually(() => expect(changes).toEqual(['SUSPENDED to ACTIVE']));
  });
});

describe('a change', () => {
  const published = (version: number, state: RuleSet_State) => ({
    version,
    state,
    effectiveTime: { seconds: BigInt(100 * version), nanos: 0 },
  });
  const { ACTIVE, SCHEDULED, WITHDRAWN } = RuleSet_State;

  test('is asked for alone, and stored with all that was known before', async () => {
    const { catalog, revisions, stored } = catalogOf(
      snapshot(1n, {
        ruleSets: [published(1, ACTIVE), published(2, SCHEDULED)],
        rewards: [{ rewardId: 'glass' }, { rewardId: 'bottle' }],
      }),
      snapshot(4n, {
        ruleSets: [published(2, WITHDRAWN), published(3, SCHEDULED)],
        rewards: [{ rewardId: 'bottle', displayName: 'A bottle' }],
      }),
    );
    const before = await catalog.get(programId);
    catalog.announce({ programId, revision: 4n });
    await eventually(() => expect(stored.get(programId)?.revision).toBe(4n));
    expect(revisions).toEqual([0n, 1n]);
    const after = await catalog.get(programId);
    expect(after.ruleSets.map(({ version }) => version)).toEqual([1, 3]);
    expect(after.withdrawnRuleSets.map(({ version }) => version)).toEqual([2]);
    expect(after.ruleSets[0]).toBe(before.ruleSets[0]);
    expect([...after.rewards.keys()]).toEqual(['glass', 'bottle']);

    const content = stored.get(programId)?.content ?? new Uint8Array();
    const kept = fromBinary(GetProgramSnapshotResponseSchema, content);
    expect(kept).toMatchObject({ revision: 4n, program: { programId, timeZone: 'Europe/Paris' } });
    expect(kept.ruleSets.map(({ version, state }) => [version, state])).toEqual([
      [1, ACTIVE],
      [2, WITHDRAWN],
      [3, SCHEDULED],
    ]);
    expect(kept.rewards.map(({ displayName }) => displayName)).toEqual(['', 'A bottle']);
  });
});

describe('a database that takes long to store a program', () => {
  test('holds up neither earns nor the next change, and gets the newest in the end', async () => {
    const { catalog, stored, disk } = catalogOf(snapshot(1n), snapshot(2n), snapshot(3n));
    const slow = Promise.withResolvers<void>();
    disk.ready = slow.promise;
    expect((await catalog.get(programId)).revision).toBe(1n);
    for (const revision of [2n, 3n]) {
      catalog.announce({ programId, revision });
      await eventually(async () => expect((await catalog.get(programId)).revision).toBe(revision));
    }
    slow.resolve();
    await eventually(() => expect(stored.get(programId)?.revision).toBe(3n));
  });
});

describe('a program whose answer takes long', () => {
  test('is used as it was stored by an earn that can’t wait, and as it is when the answer comes', async () => {
    const slow = Promise.withResolvers<GetProgramSnapshotResponse>();
    const { catalog, asked, stored } = catalogOf(() => slow.promise);
    await store(stored, 1n);
    expect((await catalog.get(programId)).revision).toBe(1n);
    slow.resolve(await snapshot(2n)());
    await eventually(async () => expect((await catalog.get(programId)).revision).toBe(2n));
    expect(asked).toHaveLength(1);
  });

  test('is unavailable for now where nothing is stored, and known when the answer comes', async () => {
    const slow = Promise.withResolvers<GetProgramSnapshotResponse>();
    const { catalog } = catalogOf(() => slow.promise);
    await expect(catalog.get(programId)).rejects.toThrow(ProgramsUnavailable);
    slow.resolve(await snapshot(2n)());
    await eventually(async () => expect((await catalog.get(programId)).revision).toBe(2n));
  });
});

test('rules count in the order of their times, without drafts; withdrawn ones are known and don’t count', async () => {
  const effective = (seconds: bigint) => ({ seconds, nanos: 0 });
  const { catalog } = catalogOf(
    snapshot(1n, {
      ruleSets: [
        { version: 3, state: RuleSet_State.ACTIVE, effectiveTime: effective(300n) },
        { version: 1, state: RuleSet_State.SUPERSEDED, effectiveTime: effective(100n) },
        { version: 2, state: RuleSet_State.WITHDRAWN, effectiveTime: effective(200n) },
        { version: 4, state: RuleSet_State.DRAFT },
      ],
      rewards: [{ rewardId: 'glass' }],
    }),
  );
  const { ruleSets, withdrawnRuleSets, rewards, clock, redemptionsPerMinute } =
    await catalog.get(programId);
  expect(ruleSets.map(({ version }) => version)).toEqual([1, 3]);
  expect(withdrawnRuleSets.map(({ version }) => version)).toEqual([2]);
  expect([...rewards.keys()]).toEqual(['glass']);
  expect(clock.timeZone).toBe('Europe/Paris');
  expect(redemptionsPerMinute).toBe(5);
});
