import type { Instant } from '@loyalty/rules/instant.ts';
import type { Reward, RuleSet } from '@loyalty/rules/language.ts';
import type { DefinitionCodec } from './definition-codec.ts';
import type { HasOpenHolds } from './open-holds.ts';
import type { ProgramStore } from './program-store.ts';

/** How definitions are written down. */
export interface Definitions {
  readonly ruleSet: DefinitionCodec<RuleSet>;
  readonly reward: DefinitionCodec<Reward>;
}

/** What the use cases work with. */
export interface App {
  readonly store: ProgramStore;
  readonly definitions: Definitions;
  readonly hasOpenHolds: HasOpenHolds;
  readonly clock: () => Instant;
}

/** On whose behalf something is read. */
export interface Viewer {
  /** Whether the caller is a member and nothing else. */
  readonly isMember: boolean;
  /** The only programs that the caller reaches; undefined means all. */
  readonly programIds: ReadonlySet<string> | undefined;
}
