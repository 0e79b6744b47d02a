import type { Author } from '@loyalty/rules/author.ts';
import { type ChangeVerb, differences } from '../domain/change.ts';
import { type Program, type ProgramState, requireTransition } from '../domain/program.ts';
import type { App } from './app.ts';

export interface MoveProgram {
  readonly programId: string;
  readonly to: ProgramState;
  readonly verb: ChangeVerb;
  readonly author: Author;
  /** Throws when the program isn't fit for the new state. */
  readonly check?: (program: Program) => void;
}

/** Moves a program to another state; one that is in that state already is returned unchanged. */
export async function moveProgram(app: App, command: MoveProgram): Promise<Program> {
  const { to, verb, author, check } = command;
  return await app.store.changeProgram(command.programId, async ({ program, now }) => {
    if (program.state === to) return { result: program, change: undefined };
    requireTransition({ from: program.state, to });
    check?.(program);
    const revision = program.revision + 1n;
    const moved = { ...program, state: to, revision, changedIn: revision, updateTime: now };
    return {
      result: moved,
      change: {
        verb,
        changed: { kind: 'PROGRAM', program: moved },
        fields: differences({ state: program.state }, { state: to }),
        revision,
        time: now,
        author,
      },
    };
  });
}
