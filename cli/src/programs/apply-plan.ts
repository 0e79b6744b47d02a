import type { DescMessage } from '@bufbuild/protobuf';
import { isReasoned } from '@loyalty/platform/errors.ts';
import { timestampField } from '@loyalty/platform/rpc/timestamps.ts';
import { ProgramChange_VerbSchema } from '@loyalty/proto/loyalty/programs/v1/program_change_pb.ts';
import {
  type Program,
  Program_State,
  ProgramSchema,
} from '@loyalty/proto/loyalty/programs/v1/program_pb.ts';
import { RewardSchema } from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
import {
  type RuleSet,
  RuleSet_State,
  RuleSetSchema,
} from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { isoTime } from '../iso-time.ts';
import { rewardWithDefaults } from './definition.ts';
import { type Difference, differencesOf } from './differences.ts';
import { ProgramsFileRefused } from './file-problem.ts';
import {
  type ProgramPlan,
  type RewardPlan,
  type RulesPlan,
  rulesJson,
  type StateName,
} from './plan.ts';
import { effectiveMs, newestChange } from './platform-program.ts';
import { ProgramChanged } from './program-changed.ts';
import { allPages, isOfAnyRun, type ProgramsApi, pageSize } from './programs-api.ts';
import { type FileProgram, placedViolations } from './programs-file.ts';

export interface ApplyOptions {
  readonly api: ProgramsApi;
  readonly plan: ProgramPlan;
  readonly file: FileProgram;
  /** Names the file in errors. */
  readonly fileName: string;
  /** Called after each change with what was done. */
  readonly done: (what: string) => void;
}

/**
 * Makes a program what its file says, step by step. When it is interrupted, the same plan made anew does the rest: each
 * step leaves a state from which the next one is found again.
 *
 * @throws {ProgramChanged} as soon as somebody else changed the program since the plan was made
 * @throws {ProgramsFileRefused} for what only the platform finds wrong
 * @throws {RemoteError}
 */
export async function applyPlan(options: ApplyOptions): Promise<void> {
  const { plan } = options;
  const steps = new Steps(options);
  if (plan.platform === undefined) await steps.createProgram();
  // First of all, so that nobody earns or redeems under half of the changes.
  if (plan.move?.to === 'SUSPENDED') await steps.move(plan.move.to);
  if (plan.platform !== undefined && plan.settings.length > 0) await steps.updateProgram();
  if (plan.rules !== undefined) await steps.publish(plan.rules);
  for (const reward of plan.rewards) await steps.reward(reward);
  if (plan.move !== undefined && plan.move.to !== 'SUSPENDED') await steps.move(plan.move.to);
}

class Steps {
  readonly #options: ApplyOptions;
  readonly #programId: string;
  /** Undefined until the program exists. */
  #revision: bigint | undefined;

  constructor(options: ApplyOptions) {
    this.#options = options;
    this.#programId = options.plan.programId;
    this.#revision = options.plan.platform?.revision;
  }

  async createProgram(): Promise<void> {
    const { api, plan } = this.#options;
    const program = withoutState(plan.wanted);
    await this.#placed(ProgramSchema, 'program', () =>
      api.programs.createProgram({ program }, api.call()),
    );
    this.#revision = 1n;
    this.#done('created');
  }

  async updateProgram(): Promise<void> {
    const { api, plan } = this.#options;
    const program = withoutState(plan.wanted);
    const etag = await this.#currentEtag();
    const request = {
      programId: this.#programId,
      program,
      updateMask: { paths: pathsOf(ProgramSchema, plan.settings) },
      etag,
    };
    await this.#placed(ProgramSchema, 'program', () =>
      api.programs.updateProgram(request, api.call()),
    );
    this.#done(`changed ${namesOf(plan.settings)}`);
  }

  async move(to: StateName): Promise<void> {
    const { api } = this.#options;
    await this.#requireUnchanged();
    const request = { programId: this.#programId };
    switch (to) {
      case 'ACTIVE':
        await api.programs.activateProgram(request, api.call());
        break;
      case 'SUSPENDED':
        await api.programs.suspendProgram(request, api.call());
        break;
      case 'ARCHIVED':
        await api.programs.archiveProgram(request, api.call());
        break;
      case 'DRAFT':
        throw new Error('No program becomes a draft');
    }
    this.#done(`now ${to}`);
  }

  /**
   * Drafts the rules before anything is withdrawn, because only drafting shows whether the platform takes them; and
   * withdraws before it publishes, because what is published would hide what is left to be withdrawn.
   */
  async publish({ publish, withdraw, effectiveMs: time }: RulesPlan): Promise<void> {
    const { api } = this.#options;
    const programId = this.#programId;
    const draft = publish && (await this.#draft(publish));
    for (const { version } of withdraw) {
      await this.#requireUnchanged();
      await api.ruleSets.withdrawRuleSet({ programId, version }, api.call());
      this.#done(`withdrew version ${version} of the rules`);
    }
    if (draft === undefined) return;
    await this.#requireUnchanged();
    const { version } = draft;
    const request = { programId, version, ...timestampField('effectiveTime', time) };
    const { ruleSet } = await this.#placed(RuleSetSchema, 'ruleSet', () =>
      api.ruleSets.publishRuleSet(request, api.call()),
    );
    const from =
      time !== undefined && ruleSet !== undefined
        ? `in force from ${isoTime(effectiveMs(ruleSet))}`
        : `in force ${ruleSet?.state === RuleSet_State.ACTIVE ? 'now' : 'in 2 seconds'}`;
    this.#done(`published version ${version} of the rules, ${from}`);
  }

  /** The draft of an interrupted run, or a new one. Drafts that others made or changed stay theirs. */
  async #draft(publish: RuleSet): Promise<RuleSet> {
    const { api, plan } = this.#options;
    const programId = this.#programId;
    const { effectiveTime: _time, ...ruleSet } = publish;
    const left = await this.#draftOfInterruptedRun();
    await this.#requireUnchanged();
    const draft = await this.#placed(RuleSetSchema, 'ruleSet', async () => {
      if (left === undefined) {
        return (await api.ruleSets.createRuleSet({ programId, ruleSet }, api.call())).ruleSet;
      }
      const { version, etag } = left;
      const request = { programId, version, ruleSet, updateMask: { paths: ['*'] }, etag };
      return (await api.ruleSets.updateRuleSet(request, api.call())).ruleSet;
    });
    const isSame =
      draft !== undefined && differencesOf(rulesJson(draft), rulesJson(publish)).length === 0;
    if (!isSame) throw new Error(`The draft of program ${plan.programId} isn't what was sent`);
    this.#done(
      `${left === undefined ? 'drafted' : 'took up the draft,'} version ${draft.version} of the rules`,
    );
    return draft;
  }

  async #draftOfInterruptedRun(): Promise<RuleSet | undefined> {
    const { api, plan } = this.#options;
    const drafts = plan.platform?.drafts ?? [];
    if (drafts.length === 0) return undefined;
    const changes = await allPages(async (pageToken) => {
      const request = { programId: plan.programId, pageSize, pageToken };
      const page = await api.programs.listProgramChanges(request, api.call());
      return { items: page.changes, nextPageToken: page.nextPageToken };
    });
    const others = new Set(
      changes
        .filter(({ requestId }) => !isOfAnyRun(requestId))
        .map(({ ruleSetVersion }) => ruleSetVersion),
    );
    return drafts.find(({ version }) => !others.has(version));
  }

  async reward({ rewardId, before, after, differences }: RewardPlan): Promise<void> {
    const { api, file } = this.#options;
    const programId = this.#programId;
    const reward = rewardWithDefaults(after);
    await this.#requireUnchanged();
    await this.#placed(RewardSchema, file.rewardPath(rewardId), async () => {
      if (before === undefined) {
        await api.rewards.createReward({ programId, reward: { ...reward, programId } }, api.call());
        return;
      }
      const updateMask = { paths: pathsOf(RewardSchema, differences) };
      const request = { programId, rewardId, reward: { ...reward, etag: '' }, updateMask };
      await api.rewards.updateReward({ ...request, etag: before.etag }, api.call());
    });
    this.#done(
      before === undefined
        ? `created reward ${rewardId}`
        : `changed ${namesOf(differences)} of reward ${rewardId}`,
    );
  }

  /** The etag of the program in the state that the plan is about: it also changes when a rule set comes into force. */
  async #currentEtag(): Promise<string> {
    const { api } = this.#options;
    const { program } = await api.programs.getProgram({ programId: this.#programId }, api.call());
    await this.#requireUnchanged();
    return program?.etag ?? '';
  }

  /**
   * Checks before each step that nobody else changed the program. Etags guard the program and each reward by
   * themselves; there is none for all of it, but its revisions have no gaps.
   */
  async #requireUnchanged(): Promise<void> {
    const { api } = this.#options;
    const newest = await newestChange(api, this.#programId);
    const expected = this.#revision;
    if (newest === undefined || expected === undefined) {
      throw new Error(`Program ${this.#programId} has no changes`);
    }
    if (newest.revision === expected) return;
    if (newest.revision === expected + 1n && api.isOfRun(newest.requestId)) {
      this.#revision = newest.revision;
      return;
    }
    const verb = ProgramChange_VerbSchema.value[newest.verb]?.name ?? 'a change';
    throw new ProgramChanged(
      `${newest.actor} changed program ${this.#programId} at the same time (${verb}); nothing more was done: look at the differences again, and apply again`,
    );
  }

  /** Does a step; what the platform finds wrong with a part of the file is placed there. */
  async #placed<Result>(
    desc: DescMessage,
    path: string,
    step: () => Promise<Result>,
  ): Promise<Result> {
    const { file, fileName } = this.#options;
    try {
      return await step();
    } catch (error) {
      if (!isReasoned(error)) throw error;
      if (error.reason === 'ETAG_MISMATCH') {
        throw new ProgramChanged(
          `Program ${this.#programId} was changed at the same time; nothing more was done: look at the differences again, and apply again`,
        );
      }
      if (error.reason !== 'VALIDATION_FAILED') throw error;
      const violations = placedViolations(desc, error.violations ?? []);
      if (violations.length === 0) throw error;
      throw new ProgramsFileRefused(
        fileName,
        violations.map(({ field, message }) =>
          file.problemAt([path, field].filter(Boolean).join('.'), message),
        ),
      );
    }
  }

  #done(what: string): void {
    this.#options.done(`${this.#programId}: ${what}`);
  }
}

/** The state is changed by verbs of its own. */
function withoutState(program: Program): Program {
  return { ...program, state: Program_State.STATE_UNSPECIFIED };
}

/** The fields to name in an update's mask: those at the top, of which the differences are a part. */
function pathsOf(desc: DescMessage, differences: readonly Difference[]): string[] {
  const names = new Set(differences.map(topOf));
  return desc.fields.filter(({ jsonName }) => names.has(jsonName)).map(({ name }) => name);
}

function namesOf(differences: readonly Difference[]): string {
  return [...new Set(differences.map(topOf))].join(', ');
}

function topOf({ path }: Difference): string {
  return /^\w+/.exec(path)?.[0] ?? '';
}
