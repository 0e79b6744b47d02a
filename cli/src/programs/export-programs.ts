import { ConfigError } from '@loyalty/platform/config.ts';
import type { ProgramDefinition } from './definition.ts';
import { stateName } from './plan.ts';
import { listProgramIds, readProgram } from './platform-program.ts';
import type { ProgramsApi } from './programs-api.ts';
import { writeYaml } from './write-yaml.ts';

/**
 * Programs as a YAML file, in the order of their ids.
 *
 * @param named the ids of the programs; all that the token reaches and that aren't archived if undefined
 * @throws {ConfigError} if there is no such program
 */
export async function exportPrograms(
  api: ProgramsApi,
  named: readonly string[] | undefined,
): Promise<string> {
  const ids = [...new Set(named ?? (await listProgramIds(api)))].toSorted();
  const definitions: ProgramDefinition[] = [];
  for (const programId of ids) {
    const program = await readProgram(api, programId);
    if (program === undefined) {
      throw new ConfigError(`There is no program ${programId}; check its id`);
    }
    if (named !== undefined || stateName(program.program.state) !== 'ARCHIVED') {
      definitions.push(program.definition);
    }
  }
  return writeYaml(definitions);
}
