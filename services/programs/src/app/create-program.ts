import type { Author } from '@loyalty/rules/author.ts';
import { timeZoneNamed } from '@loyalty/rules/time-zone-name.ts';
import { ValidationFailed } from '@loyalty/rules/validation-failed.ts';
import { differences } from '../domain/change.ts';
import { type Program, type ProgramSettings, settingsViolations } from '../domain/program.ts';
import type { App } from './app.ts';

export interface CreateProgram {
  readonly programId: string;
  readonly settings: ProgramSettings;
  readonly author: Author;
}

/**
 * Creates a program in state DRAFT.
 *
 * @throws {ValidationFailed}
 * @throws {AlreadyExists}
 */
export async function createProgram(app: App, command: CreateProgram): Promise<Program> {
  const { programId, settings, author } = command;
  const violations = settingsViolations(settings);
  if (violations.length > 0) throw new ValidationFailed(violations);
  const now = app.clock();
  const revision = 1n;
  const stored = { ...settings, timeZone: timeZoneNamed(settings.timeZone) ?? settings.timeZone };
  const program: Program = {
    ...stored,
    programId,
    state: 'DRAFT',
    activeRuleSetVersion: 0,
    revision,
    changedIn: revision,
    createTime: now,
    updateTime: now,
  };
  await app.store.createProgram({
    verb: 'CREATE_PROGRAM',
    changed: { kind: 'PROGRAM', program },
    fields: differences(undefined, { ...stored }),
    revision,
    time: now,
    author,
  });
  return program;
}
