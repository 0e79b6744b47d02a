import { overwrittenChanges } from './base.ts';
import { type FileProblem, ProgramsFileRefused } from './file-problem.ts';
import { type ProgramPlan, planProgram } from './plan.ts';
import { readProgram } from './platform-program.ts';
import type { ProgramsApi } from './programs-api.ts';
import { type FileProgram, readProgramsFile } from './programs-file.ts';

/** A file and its name in errors. */
export interface NamedText {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface PlannedFile {
  readonly name: string;
  readonly plans: readonly { readonly plan: ProgramPlan; readonly file: FileProgram }[];
}

/**
 * Plans all programs of a file before any of them is changed.
 *
 * @throws {ProgramsFileRefused} with everything that can't be done
 * @throws {ProgramChanged} {@link RemoteError}
 */
export async function planPrograms(
  api: ProgramsApi,
  input: {
    file: NamedText;
    /** What the file was made from, if changes since then aren't to be overwritten. */
    base: NamedText | undefined;
    prune: boolean;
    nowMs: number;
  },
): Promise<PlannedFile> {
  const { name, bytes } = input.file;
  const { prune, nowMs } = input;
  const files = readProgramsFile(name, bytes);
  const bases = input.base && readProgramsFile(input.base.name, input.base.bytes);
  const plans: { plan: ProgramPlan; file: FileProgram }[] = [];
  const problems: FileProblem[] = [];
  for (const file of files) {
    const { programId } = file.definition.program;
    const platform = await readProgram(api, programId);
    const planned = planProgram(file, platform, { prune, nowMs });
    plans.push({ plan: planned.plan, file });
    problems.push(...planned.problems);
    if (bases === undefined) continue;
    const base = bases.find(({ definition }) => definition.program.programId === programId);
    problems.push(...overwrittenChanges(planned.plan, { file, base, nowMs }));
  }
  if (problems.length > 0) throw new ProgramsFileRefused(name, problems);
  return { name, plans };
}
