import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@loyalty/local/test-patience.ts';
import { createLogger } from '@loyalty/platform/logging.ts';
import { Program_State, ProgramSchema } from '@loyalty/proto/loyalty/programs/v1/program_pb.ts';
import {
  type GetProgramSnapshotResponse,
  GetProgramSnapshotResponseSchema,
} from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import { RuleSet_State } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import type { ProgramSnapshot } from '../app/program-snapshots.ts';
import { ProgramNotFound, ProgramsUnavailable } from '../domain/errors.ts';
import { createProgramCatalog, type ProgramCache } from './program-catalog.ts';

const programId = 'wine-dine';
/** Of the Programs service's database, before it is restored. */
const epoch = 'first';
let stopping: AbortController;
beforeEach(() => {
  stopping = new AbortController();
});
afterEach(() => stopping.abort());

type SnapshotResponse = (programId?: string) => Promise<GetProgramSnapshotResponse>;

/** A catalog whose requests get these responses in turn; the last is repeated. */
function catalogOf(...responses: SnapshotResponse[]) {
  return smallCatalogOf(undefined, ...responses);
}

function smallCatalogOf(programsMax: number | undefined, ...responses: SnapshotResponse[]) {
  const asked: string[] = [];
  /** With which epoch and revision. */
  const requests: [string, bigint][] = [];
  const stored = new Map<string, ProgramSnapshot>();
  const changes: string[] = [];
  /** What storing waits for. */
  const disk = { ready: Promise.resolve() };
  const catalog: ProgramCache = createProgramCatalog({
    source: {
      snapshot({ programId: id, ...known }) {
        asked.push(id);
        requests.push([known.epoch, known.knownRevision]);
        const response = responses.length > 1 ? responses.shift() : responses[0];
        if (response === undefined) throw new Error('no response is left');
        return response(id);
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
    ...(programsMax !== undefined && { programsMax }),
  });
  const change = (revision: bigint) => catalog.markChanged({ programId, epoch, revision });
  /** Asks again, as it is done every second, until the program is known in that revision. */
  const becomes = (revision: bigint) =>
    eventually(async () => {
      catalog.refreshStale();
      const definition = await catalog.get(programId);
      expect(definition.revision).toBe(revision);
      return definition;
    });
  return { catalog, asked, requests, stored, changes, disk, change, becomes };
}

function aProgram(settings: { state: Program_State; timeZone?: string }) {
  return create(ProgramSchema, { programId, timeZone: 'Europe/Paris', ...settings });
}

function snapshot(
  revision: bigint,
  changes: MessageInitShape<typeof GetProgramSnapshotResponseSchema> = {},
): SnapshotResponse {
  const program = aProgram({ state: Program_State.ACTIVE });
  return async (id = programId) =>
    create(GetProgramSnapshotResponseSchema, {
      epoch,
      revision,
      program: { ...program, programId: id },
      ...changes,
    });
}

/** A response that the test gives. */
function slowResponse() {
  const { promise, resolve, reject } = Promise.withResolvers<GetProgramSnapshotResponse>();
  return {
    response: () => promise,
    give: async (response: SnapshotResponse) => resolve(await response()),
    fail: (error: Error) => reject(error),
  };
}

/** Lets everything happen that waits for nothing. */
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** Stores a definition as another process does. */
async function store(stored: Map<string, ProgramSnapshot>, revision: bigint): Promise<void> {
  const content = toBinary(GetProgramSnapshotResponseSchema, await snapshot(revision)());
  stored.set(programId, { programId, epoch, revision, content, noticeDays: 0 });
}

const absent: SnapshotResponse = () => Promise.reject(new ProgramNotFound(programId));
const away: SnapshotResponse = () => Promise.reject(new ProgramsUnavailable(programId, undefined));

describe('a program', () => {
  test('is asked for once, however many need it at the same time', async () => {
    const { catalog, asked } = catalogOf(snapshot(1n));
    await Promise.all(Array.from({ length: 50 }, () => catalog.get(programId)));
    await catalog.get(programId);
    expect(asked).toHaveLength(1);
  });

  test('that doesn’t exist isn’t asked for again at once, but is as soon as it is announced', async () => {
    const { catalog, asked, change } = catalogOf(absent, snapshot(1n));
    await expect(catalog.get(programId)).rejects.toThrow(ProgramNotFound);
    await expect(catalog.get(programId)).rejects.toThrow(ProgramNotFound);
    expect(asked).toHaveLength(1);
    change(1n);
    expect((await catalog.get(programId)).revision).toBe(1n);
  });

  test('that is created while it is asked for the first time is asked for again', async () => {
    const first = slowResponse();
    const { catalog, change, becomes } = catalogOf(first.response, snapshot(1n));
    const got = catalog.get(programId);
    change(1n);
    first.fail(new ProgramNotFound(programId));
    await expect(got).rejects.toThrow(ProgramNotFound);
    expect(await becomes(1n)).toMatchObject({ state: 'ACTIVE' });
  });

  test('that has changed is asked for until the response is as new', async () => {
    const { catalog, change, becomes } = catalogOf(snapshot(1n), away, snapshot(1n), snapshot(2n));
    await catalog.get(programId);
    change(2n);
    expect(await becomes(2n)).toMatchObject({ state: 'ACTIVE' });
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
    const first = slowResponse();
    const { catalog, change } = catalogOf(first.response, snapshot(2n));
    const got = catalog.get(programId);
    change(2n);
    await first.give(snapshot(1n));
    await got;
    await eventually(async () => expect((await catalog.get(programId)).revision).toBe(2n));
  });

  test('is never replaced by an older response', async () => {
    const slow = slowResponse();
    const { catalog, stored, change } = catalogOf(snapshot(1n), slow.response, snapshot(1n));
    await catalog.get(programId);
    change(3n);
    await slow.give(snapshot(3n));
    await eventually(async () => expect((await catalog.get(programId)).revision).toBe(3n));
    expect(stored.get(programId)?.revision).toBe(3n);
    change(2n);
    await catalog.getLatest(programId);
    expect((await catalog.get(programId)).revision).toBe(3n);
  });

  test('known from before is used while the Programs service is away, and followed', async () => {
    const { catalog, stored, change, becomes } = catalogOf(away, away, snapshot(2n));
    await store(stored, 1n);
    expect((await catalog.get(programId)).revision).toBe(1n);
    change(2n);
    expect(await becomes(2n)).toMatchObject({ state: 'ACTIVE' });
  });

  test('that another replica was told of is used while the Programs service is away', async () => {
    const { catalog, stored, asked } = catalogOf(snapshot(1n));
    await catalog.get(programId);
    await store(stored, 2n);
    await catalog.adoptNewerStored({ programId, epoch, revision: 2n });
    expect((await catalog.get(programId)).revision).toBe(2n);
    // It may be newer by now.
    catalog.refreshStale();
    await nextTurn();
    expect(asked).toHaveLength(2);
  });

  test('that was stored by another replica is loaded before anybody asks for it', async () => {
    const { catalog, stored } = catalogOf(snapshot(2n));
    await store(stored, 1n);
    catalog.keep(programId);
    catalog.refreshStale();
    await eventually(() => expect(stored.get(programId)?.revision).toBe(2n));
  });

  test('that nobody has ever asked for is left alone when it changes', async () => {
    const { catalog, asked, stored, change } = catalogOf(snapshot(2n));
    catalog.markChanged({ programId: 'of-others', epoch, revision: 2n });
    catalog.keep(programId);
    change(2n);
    await eventually(() => expect(stored.get(programId)?.revision).toBe(2n));
    expect(asked).toEqual([programId]);
  });

  test('that doesn’t exist, or can’t be asked for, is not followed', async () => {
    const { catalog, asked } = catalogOf(absent, away);
    await expect(catalog.get(programId)).rejects.toThrow(ProgramNotFound);
    await expect(catalog.get('another')).rejects.toThrow(ProgramsUnavailable);
    catalog.invalidateAll('second');
    catalog.refreshStale();
    await nextTurn();
    expect(asked).toEqual([programId, 'another']);
  });

  test('that can’t be read is told apart from one that can’t be asked for, and asked for anew', async () => {
    const unreadable = { program: aProgram({ state: Program_State.STATE_UNSPECIFIED }) };
    const { catalog } = catalogOf(snapshot(1n, unreadable), snapshot(2n));
    await expect(catalog.get(programId)).rejects.toThrow(/unknown state/);
    expect((await catalog.get(programId)).revision).toBe(2n);
  });

  test('may be called like what every object has', async () => {
    const { catalog } = catalogOf(snapshot(1n));
    expect(await catalog.get('constructor')).toMatchObject({ programId: 'constructor' });
  });

  test('never known here is unavailable while the Programs service is away', async () => {
    const { catalog } = catalogOf(away);
    await expect(catalog.get(programId)).rejects.toThrow(ProgramsUnavailable);
  });

  test('tells when its state changes', async () => {
    const suspended = aProgram({ state: Program_State.SUSPENDED });
    const { catalog, changes, change } = catalogOf(
      snapshot(1n, { program: suspended }),
      snapshot(2n),
    );
    await catalog.get(programId);
    change(2n);
    await eventually(() => expect(changes).toEqual(['SUSPENDED to ACTIVE']));
  });

  test('that was not used lately is forgotten for another one, and asked for again', async () => {
    const { catalog, asked } = smallCatalogOf(2, snapshot(1n));
    for (const id of ['first', 'second', 'first', 'third', 'first', 'second']) {
      expect(await catalog.get(id)).toMatchObject({ programId: id });
    }
    expect(asked).toEqual(['first', 'second', 'third', 'second']);
    catalog.markChanged({ programId: 'third', epoch, revision: 2n });
    await nextTurn();
    expect(asked).toHaveLength(4);
  });

  test('that is kept makes no room for what other replicas have stored', async () => {
    const { catalog, asked } = smallCatalogOf(1, snapshot(1n));
    await catalog.get('first');
    await catalog.adoptNewerStored({ programId: 'second', epoch, revision: 2n });
    await catalog.get('first');
    expect(asked).toEqual(['first']);
  });
});

describe('the latest', () => {
  test('is never older than the request: those who ask meanwhile share the next response', async () => {
    const slow = slowResponse();
    const { catalog, asked } = catalogOf(snapshot(1n), slow.response, snapshot(3n));
    await catalog.get(programId);
    const first = catalog.getLatest(programId);
    const later = [catalog.getLatest(programId), catalog.getLatest(programId)];
    await nextTurn();
    expect(asked).toHaveLength(2);
    await slow.give(snapshot(2n));
    expect(await first).toMatchObject({ revision: 2n });
    expect(await Promise.all(later)).toMatchObject([{ revision: 3n }, { revision: 3n }]);
    expect(asked).toHaveLength(3);
  });

  test('is what is known for those whose request failed, and for nobody who asked later', async () => {
    const slow = slowResponse();
    const { catalog } = catalogOf(snapshot(1n), slow.response, snapshot(2n));
    await catalog.get(programId);
    const [first, later] = [catalog.getLatest(programId), catalog.getLatest(programId)];
    slow.fail(new ProgramsUnavailable(programId, undefined));
    expect(await first).toMatchObject({ state: 'ACTIVE' });
    expect(await later).toMatchObject({ revision: 2n });
  });

  test('of one program waits for no other', async () => {
    const slow = slowResponse();
    const { catalog } = catalogOf(snapshot(1n), snapshot(1n), slow.response, snapshot(2n));
    for (const id of [programId, 'another']) await catalog.get(id);
    const first = catalog.getLatest(programId);
    expect(await catalog.getLatest('another')).toMatchObject({ revision: 2n });
    await slow.give(snapshot(2n));
    expect(await first).toMatchObject({ revision: 2n });
  });
});

test('no more than four programs are asked for at the same time, and all are', async () => {
  let running = 0;
  const seen: number[] = [];
  const { catalog } = catalogOf(async (id) => {
    running += 1;
    seen.push(running);
    await nextTurn();
    running -= 1;
    return await (seen.length % 3 === 0 ? away : snapshot(1n))(id);
  });
  for (let index = 0; index < 13; index++) catalog.keep(`program-${index}`);
  catalog.refreshStale();
  await eventually(() => expect(seen).toHaveLength(13));
  expect(Math.max(...seen)).toBe(4);
});

describe('when the Programs service’s database is restored', () => {
  const restored = { epoch: 'second', rewards: [{ rewardId: 'glass' }] };

  test('a program is used as it was until it is known anew, from the beginning', async () => {
    const slow = slowResponse();
    const { catalog, requests, stored } = catalogOf(
      snapshot(7n, { rewards: [{ rewardId: 'bottle' }] }),
      slow.response,
    );
    await catalog.get(programId);
    catalog.invalidateAll('second');
    expect((await catalog.get(programId)).revision).toBe(7n);
    await slow.give(snapshot(5n, restored));
    await eventually(async () => expect((await catalog.get(programId)).revision).toBe(5n));
    expect([...(await catalog.get(programId)).rewards.keys()]).toEqual(['glass']);
    expect(requests).toEqual([
      ['', 0n],
      ['', 7n],
    ]);
    await eventually(() =>
      expect(stored.get(programId)).toMatchObject({ epoch: 'second', revision: 5n }),
    );
  });

  test('a response from before, though it comes late, is not the last', async () => {
    const slow = slowResponse();
    const { catalog, change } = catalogOf(snapshot(6n), slow.response, snapshot(5n, restored));
    await catalog.get(programId);
    change(7n);
    await nextTurn();
    catalog.invalidateAll('second');
    await slow.give(snapshot(7n));
    await eventually(async () => expect((await catalog.get(programId)).revision).toBe(5n));
  });

  test('without a program, that doesn’t exist any more', async () => {
    const { catalog } = catalogOf(snapshot(1n), absent);
    await catalog.get(programId);
    catalog.invalidateAll('second');
    await eventually(async () => expect(catalog.get(programId)).rejects.toThrow(ProgramNotFound));
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
    const { catalog, requests, stored, change } = catalogOf(
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
    change(4n);
    await eventually(() => expect(stored.get(programId)?.revision).toBe(4n));
    expect(requests).toEqual([
      ['', 0n],
      [epoch, 1n],
    ]);
    const after = await catalog.get(programId);
    expect(after.ruleSets.map(({ version }) => version)).toEqual([1, 3]);
    expect(after.withdrawnRuleSets.map(({ version }) => version)).toEqual([2]);
    expect(after.ruleSets[0]).toBe(before.ruleSets[0]);
    expect([...after.rewards.keys()]).toEqual(['glass', 'bottle']);

    const content = stored.get(programId)?.content ?? new Uint8Array();
    const kept = fromBinary(GetProgramSnapshotResponseSchema, content);
    expect(kept).toMatchObject({
      epoch,
      revision: 4n,
      program: { programId, timeZone: 'Europe/Paris' },
    });
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
    const { catalog, stored, disk, change } = catalogOf(snapshot(1n), snapshot(2n), snapshot(3n));
    const slow = Promise.withResolvers<void>();
    disk.ready = slow.promise;
    expect((await catalog.get(programId)).revision).toBe(1n);
    for (const revision of [2n, 3n]) {
      change(revision);
      await eventually(async () => expect((await catalog.get(programId)).revision).toBe(revision));
    }
    slow.resolve();
    await eventually(() => expect(stored.get(programId)?.revision).toBe(3n));
  });
});

describe('a program whose response takes long', () => {
  test('is used as it was stored by an earn that can’t wait, and as it is when the response comes', async () => {
    const slow = slowResponse();
    const { catalog, asked, stored } = catalogOf(slow.response);
    await store(stored, 1n);
    expect((await catalog.get(programId)).revision).toBe(1n);
    await slow.give(snapshot(2n));
    await eventually(async () => expect((await catalog.get(programId)).revision).toBe(2n));
    expect(asked).toHaveLength(1);
  });

  test('is unavailable for now where nothing is stored, and known when the response comes', async () => {
    const slow = slowResponse();
    const { catalog } = catalogOf(slow.response);
    await expect(catalog.get(programId)).rejects.toThrow(ProgramsUnavailable);
    await slow.give(snapshot(2n));
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
