import { isReasoned } from '@loyalty/platform/errors.ts';
import { msOfTimestamp } from '@loyalty/platform/rpc/timestamps.ts';
import type { ProgramChange } from '@loyalty/proto/loyalty/programs/v1/program_change_pb.ts';
import type { Program } from '@loyalty/proto/loyalty/programs/v1/program_pb.ts';
import { type Reward, Reward_State } from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
import { type RuleSet, RuleSet_State } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import {
  type ProgramDefinition,
  programWithDefaults,
  rewardWithDefaults,
  scheduledWithDefaults,
} from './definition.ts';
import { ProgramChanged } from './program-changed.ts';
import { allPages, type ProgramsApi, pageSize } from './programs-api.ts';

/** A program as the platform has it, read at one revision. */
export interface PlatformProgram {
  /** As `export` writes it: the last rules of those published, and the rewards on offer. */
  readonly definition: ProgramDefinition;
  readonly program: Program;
  readonly revision: bigint;
  /** The version in force and the scheduled ones, in the order of their effective times. */
  readonly published: readonly RuleSet[];
  /** The newest first. */
  readonly drafts: readonly RuleSet[];
  /** By id, with archived ones. */
  readonly rewards: ReadonlyMap<string, Reward>;
}

/** How often a program is read again that changes while it is read. */
const readsMax = 5;

/**
 * Reads a program; undefined if there is none.
 *
 * @throws {ProgramChanged} if it never stops changing
 */
export async function readProgram(
  api: ProgramsApi,
  programId: string,
): Promise<PlatformProgram | undefined> {
  for (let reads = 0; reads < readsMax; reads += 1) {
    const before = await newestChange(api, programId);
    if (before === undefined) return undefined;
    const { program } = await api.programs.getProgram({ programId }, api.call());
    const ruleSets = await allPages(async (pageToken) => {
      const request = { programId, pageSize, pageToken };
      const page = await api.ruleSets.listRuleSets(request, api.call());
      return { items: page.ruleSets, nextPageToken: page.nextPageToken };
    });
    const rewards = await allPages(async (pageToken) => {
      const request = { programId, pageSize, pageToken };
      const page = await api.rewards.listRewards(request, api.call());
      return { items: page.rewards, nextPageToken: page.nextPageToken };
    });
    const after = await newestChange(api, programId);
    if (program !== undefined && after?.revision === before.revision) {
      return platformProgram({ program, ruleSets, rewards, revision: before.revision });
    }
  }
  throw new ProgramChanged(`Program ${programId} keeps changing while it is read; try again later`);
}

/** The ids of all programs that the caller reaches. */
export async function listProgramIds(api: ProgramsApi): Promise<string[]> {
  const programs = await allPages(async (pageToken) => {
    const page = await api.programs.listPrograms({ pageSize, pageToken }, api.call());
    return { items: page.programs, nextPageToken: page.nextPageToken };
  });
  return programs.map(({ programId }) => programId);
}

/** The newest change of a program; undefined if there is no such program. */
export async function newestChange(
  api: ProgramsApi,
  programId: string,
): Promise<ProgramChange | undefined> {
  try {
    const request = { programId, pageSize: 1 };
    return (await api.programs.listProgramChanges(request, api.call())).changes[0];
  } catch (error) {
    if (isReasoned(error) && error.reason === 'PROGRAM_NOT_FOUND') return undefined;
    throw error;
  }
}

function platformProgram(read: {
  program: Program;
  ruleSets: readonly RuleSet[];
  rewards: readonly Reward[];
  revision: bigint;
}): PlatformProgram {
  const { program, ruleSets, rewards, revision } = read;
  const published = ruleSets
    .filter(({ state }) => state === RuleSet_State.ACTIVE || state === RuleSet_State.SCHEDULED)
    .toSorted((a, b) => effectiveMs(a) - effectiveMs(b) || a.version - b.version);
  const last = published.at(-1);
  return {
    definition: {
      program: programWithDefaults(program),
      ruleSet: last && authoredRuleSet(last),
      rewards: new Map(
        rewards
          .filter(({ state }) => state === Reward_State.ACTIVE)
          .map((reward) => [reward.rewardId, rewardWithDefaults(reward)]),
      ),
    },
    program,
    revision,
    published,
    drafts: ruleSets.filter(({ state }) => state === RuleSet_State.DRAFT),
    rewards: new Map(rewards.map((reward) => [reward.rewardId, reward])),
  };
}

export function effectiveMs({ effectiveTime }: RuleSet): number {
  return msOfTimestamp(effectiveTime, 'effective_time') ?? 0;
}

/**
 * A published version as its author writes it: with an effective time only while it is scheduled for a later one than
 * the earliest possible.
 */
function authoredRuleSet(ruleSet: RuleSet): RuleSet {
  const { effectiveTime, ...rest } = scheduledWithDefaults(ruleSet);
  return isScheduled(ruleSet) ? { ...rest, ...(effectiveTime && { effectiveTime }) } : rest;
}

/** Whether a version waits for a time that its author chose. */
export function isScheduled(ruleSet: RuleSet): boolean {
  return ruleSet.state === RuleSet_State.SCHEDULED && putOffMs(ruleSet) > leadTimeMs;
}

/**
 * Whether the version's effective time, perhaps put off to the earliest possible one, is what was asked for with a time.
 * This is how the platform itself tells a repeated publication.
 */
export function leadsTo(requestedMs: number, ruleSet: RuleSet): boolean {
  const isEarliest = putOffMs(ruleSet) <= leadTimeMs;
  return isEarliest ? requestedMs <= effectiveMs(ruleSet) : requestedMs === effectiveMs(ruleSet);
}

/** A later version takes effect no sooner than this after its publication. */
const leadTimeMs = 2_000;

function putOffMs(ruleSet: RuleSet): number {
  return effectiveMs(ruleSet) - (msOfTimestamp(ruleSet.publishTime, 'publish_time') ?? 0);
}
