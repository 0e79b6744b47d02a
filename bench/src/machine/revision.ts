import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readlink, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '@loyalty/local/settings.ts';
import type { BenchMachine } from './bench-machine.ts';

const run = promisify(execFile);

/** Another state of the project, whose services can be started beside those of this one. */
export interface Revision {
  /** The short form of its commit's id. */
  readonly commit: string;
  /** The top of its files. */
  readonly root: string;
}

/**
 * Takes the files of a commit out of git into the machine's folder, where they are removed with it. Packages are those that
 * are installed here.
 *
 * @throws {Error} when git knows no such commit
 */
export async function checkOut(machine: BenchMachine, name: string): Promise<Revision> {
  const git = async (...args: string[]) => (await run('git', args, { cwd: root })).stdout.trim();
  const commit = await git('rev-parse', '--short', '--verify', `${name}^{commit}`);
  const directory = join(machine.directory, `revision-${commit}`);
  const archive = `${directory}.tar`;
  await mkdir(directory);
  await git('archive', `--output=${archive}`, commit);
  await run('tar', ['-xf', archive, '-C', directory]);
  await linkPackages(directory);
  return { commit, root: directory };
}

/** The project's own packages are links within its files, so that only those of others are shared. */
async function linkPackages(directory: string): Promise<void> {
  const installed = join(root, 'node_modules');
  const own = join(installed, '@loyalty');
  await mkdir(join(directory, 'node_modules/@loyalty'), { recursive: true });
  for (const name of await readdir(installed)) {
    if (name === '@loyalty' || name.startsWith('.')) continue;
    await symlink(join(installed, name), join(directory, 'node_modules', name));
  }
  for (const name of await readdir(own)) {
    const link = await readlink(join(own, name));
    await symlink(link, join(directory, 'node_modules/@loyalty', name));
    const nested = join(link.replace(/^(\.\.\/)+/, ''), 'node_modules');
    if (!existsSync(join(root, nested)) || !existsSync(dirname(join(directory, nested)))) continue;
    await symlink(join(root, nested), join(directory, nested));
  }
}
