import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './settings.ts';

const exec = promisify(execFile);

/** The package @loyalty/client as npm would publish it. */
export interface PackedClient {
  /** The path of the archive. */
  readonly file: string;
  /** The path of every file in the package, relative to its top. */
  readonly names: readonly string[];
}

/** Builds and packs the client, into a temporary folder. */
export async function packClient(): Promise<PackedClient & { remove(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'loyalty-package-'));
  const remove = () => rm(directory, { recursive: true });
  try {
    return { ...(await packInto(directory)), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function packInto(directory: string): Promise<PackedClient> {
  const args = ['pack', '--workspace', '@loyalty/client', '--json', '--offline'];
  const { stdout } = await exec('npm', [...args, '--pack-destination', directory], { cwd: root });
  const [pack] = JSON.parse(stdout.slice(stdout.indexOf('['))) as [
    { filename: string; files: { path: string }[] },
  ];
  return {
    file: join(directory, pack.filename),
    names: pack.files.map(({ path }) => path),
  };
}
