import type { DefinitionCodec } from './definition-codec.ts';
import type { ProgramStore } from './program-store.ts';

/** What the use cases work with. */
export interface App {
  readonly store: ProgramStore;
  readonly definitions: DefinitionCodec;
  readonly clock: () => Date;
}

/** On whose behalf something is read. */
export interface Viewer {
  /** Whether the caller is a member and nothing else. */
  readonly isMember: boolean;
  /** The only programs that the caller reaches; undefined means all. */
  readonly programIds: ReadonlySet<string> | undefined;
}
