import type { Author } from '@loyalty/rules/author.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import { differences } from '../domain/change.ts';
import { IllegalTransition } from '../domain/errors.ts';
import { requireChangeable } from '../domain/program.ts';
import { effectiveTimeOf, leadsTo, type RuleSetView, viewRuleSet } from '../domain/rule-set.ts';
import type { App } from './app.ts';
import { lockedRuleSet } from './locked-rule-set.ts';
import { requireRoomInSnapshot } from './snapshot-size.ts';
import { requireValidDefinition } from './valid-definition.ts';

export interface PublishRuleSet {
  readonly programId: string;
  readonly version: number;
  /** When the version comes into force; undefined is as soon as possible. */
  readonly effectiveTime: Instant | undefined;
  readonly author: Author;
}

/**
 * Makes a draft immutable and gives it its time and the program's time zone. A version that is already scheduled or in
 * force is returned unchanged, unless the request has another time; a time that was moved to the earliest possible one
 * isn't another time.
 *
 * @throws {ProgramNotFound}
 * @throws {RuleSetNotFound}
 * @throws {IllegalTransition}
 * @throws {ProgramNotActive} for an archived program
 * @throws {ValidationFailed} for a time in the past
 */
export async function publishRuleSet(app: App, command: PublishRuleSet): Promise<RuleSetView> {
  return await app.store.changeProgram(command.programId, async (locked) => {
    const { program, now } = locked;
    const view = await lockedRuleSet(locked, command.version);
    if (isRepeated(view, command)) return { result: view, change: undefined };
    requireDraft(view, command);
    requireChangeable(program);
    // It was valid when it was saved, perhaps by an older release with other limits.
    requireValidDefinition(app, view.ruleSet.definition);
    const added = app.definitions.ruleSet.toJson(view.ruleSet.definition);
    await requireRoomInSnapshot(locked, { added });
    const isFirst = !(await locked.hasPublishedRuleSet());
    // The checks may have taken long, and the ledger hears of the version only after them.
    const publishTime = app.clock();
    const effectiveTime = effectiveTimeOf({
      requested: command.effectiveTime,
      now,
      publishTime,
      isFirst,
    });
    const revision = program.revision + 1n;
    const ruleSet = {
      ...view.ruleSet,
      timeZone: program.timeZone,
      effectiveTime,
      publishTime,
      changedIn: revision,
      updateTime: publishTime,
    };
    const counts = effectiveTime <= publishTime;
    const published = viewRuleSet(ruleSet, {
      now: publishTime,
      activeRuleSetVersion: counts ? ruleSet.version : program.activeRuleSetVersion,
    });
    return {
      result: published,
      change: {
        verb: 'PUBLISH_RULE_SET',
        changed: { kind: 'RULE_SET', ruleSet, isNew: false },
        fields: differences(
          { state: view.state },
          {
            state: published.state,
            effectiveTime: new Date(effectiveTime).toISOString(),
            timeZone: program.timeZone,
          },
        ),
        revision,
        time: publishTime,
        author: command.author,
      },
    };
  });
}

// A superseded version is no repetition: publishing it again looks like an attempt to go back to it.
function isRepeated({ ruleSet, state }: RuleSetView, { effectiveTime }: PublishRuleSet): boolean {
  if (state !== 'SCHEDULED' && state !== 'ACTIVE') return false;
  return effectiveTime === undefined || leadsTo(effectiveTime, ruleSet);
}

function requireDraft({ ruleSet, state }: RuleSetView, { effectiveTime }: PublishRuleSet): void {
  if (state === 'DRAFT') return;
  throw new IllegalTransition(
    `Version ${ruleSet.version} is ${state}; copy it to a new draft to publish its rules again`,
    { from: state, to: effectiveTime === undefined ? 'ACTIVE' : 'SCHEDULED' },
  );
}
