import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './commands.ts';

/** What the scripts read of a package.json. */
export interface Manifest {
  /** From the project's top. */
  readonly file: string;
  /** The workspace's folder from the project's top; empty for the top itself. */
  readonly folder: string;
  readonly name: string;
  readonly workspaces?: readonly string[];
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

/** The package.json of the project's top, and those of all workspaces. */
export function manifests(): Manifest[] {
  const top = read('');
  return [top, ...(top.workspaces ?? []).map(read)];
}

function read(folder: string): Manifest {
  const file = join(folder, 'package.json');
  return {
    dependencies: {},
    devDependencies: {},
    optionalDependencies: {},
    ...JSON.parse(readFileSync(join(root, file), 'utf8')),
    file,
    folder,
  };
}
