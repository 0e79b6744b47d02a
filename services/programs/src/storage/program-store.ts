import type { Instant } from '@loyalty/rules/instant.ts';
import type { Knex } from 'knex';
import type { Definitions } from '../app/app.ts';
import type { Decision, LockedProgram, ProgramStore } from '../app/program-store.ts';
import type { Change, ChangeRecord } from '../domain/change.ts';
import { ProgramNotFound } from '../domain/errors.ts';
import { selectEpoch, selectRevisions, takeChangeNumber } from './change-numbers.ts';
import { insertChange, selectChanges } from './change-rows.ts';
import {
  insertProgram,
  lockProgram,
  selectProgram,
  selectPrograms,
  updateProgram,
  updateRevision,
} from './program-rows.ts';
import { type RewardRows, rewardRows } from './reward-rows.ts';
import { type RuleSetRows, ruleSetRows } from './rule-set-rows.ts';
import { translated, translatedRead } from './storage-errors.ts';

export interface ProgramStoreOptions {
  knex: Knex;
  definitions: Definitions;
  clock: () => Instant;
  /** The outbox row that announces a change. */
  announce: (record: ChangeRecord) => Uint8Array;
  /** Called after a commit that left something in the outbox. */
  wakeRelay: () => void;
}

/** Programs in PostgreSQL. */
export function createProgramStore(options: ProgramStoreOptions): ProgramStore {
  const { knex, definitions, wakeRelay } = options;
  const ruleSets = ruleSetRows(definitions.ruleSet);
  const rewards = rewardRows(definitions.reward);
  return {
    findProgram: (programId, at) => translatedRead(selectProgram(knex, { programId, at })),
    listPrograms: (query) => translatedRead(selectPrograms(knex, query)),
    listRevisions: (query) => translatedRead(selectRevisions(knex, query)),
    findRuleSet: (key) => translatedRead(ruleSets.find(knex, key)),
    listRuleSets: (query) => translatedRead(ruleSets.list(knex, query)),
    findReward: (key) => translatedRead(rewards.find(knex, key)),
    listRewards: (query) => translatedRead(rewards.list(knex, query)),
    listChanges: (query) => translatedRead(selectChanges(knex, query)),
    readSnapshot: ({ programId, at, known }) =>
      translatedRead(
        knex.transaction(
          async (tx) => {
            const program = await selectProgram(tx, { programId, at });
            if (program === undefined) return undefined;
            const epoch = await selectEpoch(tx);
            const changedAfter = known?.epoch === epoch ? known.revision : 0n;
            const changed = { programId, changedAfter };
            return {
              epoch,
              program,
              ruleSets: await ruleSets.listPublished(tx, changed),
              rewards: await rewards.listAll(tx, changed),
            };
          },
          { isolationLevel: 'repeatable read', readOnly: true },
        ),
      ),
    async createProgram(change) {
      await translated(knex.transaction((tx) => write(tx, change, true)));
      wakeRelay();
    },
    async changeProgram(programId, decide) {
      const { result, change } = await translated(
        knex.transaction((tx) => changeLocked(tx, programId, decide)),
      );
      if (change !== undefined) wakeRelay();
      return result;
    },
  };

  async function changeLocked<Result>(
    tx: Knex,
    programId: string,
    decide: (locked: LockedProgram) => Promise<Decision<Result>>,
  ): Promise<Decision<Result>> {
    const locked = await lock(tx, programId, { clock: options.clock, ruleSets, rewards });
    const decision = await decide(locked);
    if (decision.change !== undefined) await write(tx, decision.change, false);
    return decision;
  }

  async function write(tx: Knex, change: Change, isNewProgram: boolean): Promise<void> {
    const record = recordOf(change);
    const { programId, revision } = record;
    const { changed } = change;
    switch (changed.kind) {
      case 'PROGRAM':
        await (isNewProgram ? insertProgram : updateProgram)(tx, changed.program);
        break;
      case 'RULE_SET':
        await (changed.isNew ? ruleSets.insert : ruleSets.update)(tx, changed.ruleSet);
        await updateRevision(tx, { programId, revision });
        break;
      case 'REWARD':
        await (changed.isNew ? rewards.insert : rewards.update)(tx, changed.reward);
        await updateRevision(tx, { programId, revision });
        break;
    }
    // Late, because no other change can be made from here to the commit.
    await insertChange(tx, { ...record, changeNumber: await takeChangeNumber(tx) });
    await tx('outbox').insert({ batch: Buffer.from(options.announce(record)) });
  }
}

interface LockOptions {
  clock: () => Instant;
  ruleSets: RuleSetRows;
  rewards: RewardRows;
}

/** @throws {ProgramNotFound} */
async function lock(
  tx: Knex,
  programId: string,
  { clock, ruleSets, rewards }: LockOptions,
): Promise<LockedProgram> {
  if (!(await lockProgram(tx, programId))) throw new ProgramNotFound(programId);
  const now = clock();
  // In a statement of its own: the one that waited for the lock still sees the rule sets from before it.
  const program = await selectProgram(tx, { programId, at: now });
  if (program === undefined) throw new ProgramNotFound(programId);
  return {
    program,
    now,
    findRuleSet: (version) => ruleSets.find(tx, { programId, version }),
    lastRuleSetVersion: () => ruleSets.lastVersion(tx, programId),
    hasPublishedRuleSet: () => ruleSets.hasPublished(tx, programId),
    findReward: (rewardId) => rewards.find(tx, { programId, rewardId }),
    countRewards: () => rewards.count(tx, programId),
    snapshotBytes: async () =>
      (await ruleSets.publishedBytes(tx, programId)) + (await rewards.bytes(tx, programId)),
  };
}

function recordOf(change: Change): ChangeRecord {
  const { verb, changed, copiedFromVersion, fields, revision, time, author } = change;
  return {
    ...author,
    ...subjectOf(changed),
    verb,
    copiedFromVersion,
    fields,
    revision,
    time,
  };
}

function subjectOf(
  changed: Change['changed'],
): Pick<ChangeRecord, 'programId' | 'ruleSetVersion' | 'rewardId'> {
  switch (changed.kind) {
    case 'PROGRAM': {
      const { programId } = changed.program;
      return { programId, ruleSetVersion: undefined, rewardId: undefined };
    }
    case 'RULE_SET': {
      const { programId, version } = changed.ruleSet;
      return { programId, ruleSetVersion: version, rewardId: undefined };
    }
    case 'REWARD': {
      const { programId, rewardId } = changed.reward;
      return { programId, ruleSetVersion: undefined, rewardId };
    }
  }
}
