import type { Author } from '@loyalty/rules/author.ts';
import type { EtagConditions } from '@loyalty/rules/etag-conditions.ts';
import { timeZoneNamed } from '@loyalty/rules/time-zone-name.ts';
import { ValidationFailed } from '@loyalty/rules/validation-failed.ts';
import { differences } from '../domain/change.ts';
import { requireEtag } from '../domain/etag.ts';
import {
  type Program,
  type ProgramSettings,
  type ProgramState,
  programEtag,
  requireChangeable,
  settingsViolations,
} from '../domain/program.ts';
import type { App } from './app.ts';

export interface UpdateProgram {
  readonly programId: string;
  /** The settings to replace. */
  readonly settings: Partial<ProgramSettings>;
  /** The state that the caller believes the program to be in; only the verbs change it. */
  readonly assumedState: ProgramState | undefined;
  readonly etags: EtagConditions;
  readonly author: Author;
}

/**
 * Replaces settings. What is the same already changes nothing, not even the revision.
 *
 * @throws {ProgramNotFound}
 * @throws {EtagMismatch}
 * @throws {ProgramNotActive} for an archived program
 * @throws {ValidationFailed}
 */
export async function updateProgram(app: App, command: UpdateProgram): Promise<Program> {
  return await app.store.changeProgram(command.programId, async ({ program, now }) => {
    requireEtag(programEtag(program), command.etags);
    requireChangeable(program);
    const before = settingsOf(program);
    const after = { ...before, ...command.settings };
    const violations = settingsViolations(after);
    if (command.assumedState !== undefined && command.assumedState !== program.state) {
      violations.push({
        field: 'program.state',
        message: 'is set by the server; activate, suspend or archive the program instead',
      });
    }
    if (violations.length > 0) throw new ValidationFailed(violations);
    const settings = { ...after, timeZone: timeZoneNamed(after.timeZone) ?? after.timeZone };
    const fields = differences({ ...before }, { ...settings });
    if (fields.length === 0) return { result: program, change: undefined };
    const revision = program.revision + 1n;
    const changed = { ...program, ...settings, revision, changedIn: revision, updateTime: now };
    return {
      result: changed,
      change: {
        verb: 'UPDATE_PROGRAM',
        changed: { kind: 'PROGRAM', program: changed },
        fields,
        revision,
        time: now,
        author: command.author,
      },
    };
  });
}

function settingsOf(program: Program): ProgramSettings {
  const { displayName, description, unit, timeZone, enrollment, limits, metadata, notices } =
    program;
  return { displayName, description, unit, timeZone, enrollment, limits, metadata, notices };
}
