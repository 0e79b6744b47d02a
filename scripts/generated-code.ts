import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root, run } from './commands.ts';
import { writeThirdPartyProtos } from './third-party-protos.ts';

const directory = join(root, 'proto/gen');

/**
 * Generates the code of all contracts: relative path → content.
 * Throws a Finding of buf's messages when a contract has an error.
 */
export async function generatedCode(): Promise<Map<string, string>> {
  writeThirdPartyProtos();
  const output = await mkdtemp(join(tmpdir(), 'loyalty-generated-'));
  try {
    await run('buf', ['generate', '--output', output]);
    const files = await readTree(output);
    // Imports of these are rewritten to the validator's own copy (see buf.gen.yaml).
    for (const path of files.keys()) if (path.startsWith('buf/')) files.delete(path);
    return files;
  } finally {
    await rm(output, { recursive: true });
  }
}

/** The paths in proto/gen that are missing, different, or generated from nothing. */
export async function staleFiles(files: ReadonlyMap<string, string>): Promise<string[]> {
  const present = await readTree(directory);
  const paths = new Set([...files.keys(), ...present.keys()]);
  return [...paths].filter((path) => files.get(path) !== present.get(path)).sort();
}

/** Makes proto/gen equal to the files given. */
export async function writeGenerated(files: ReadonlyMap<string, string>): Promise<void> {
  for (const path of await staleFiles(files)) {
    const content = files.get(path);
    const target = join(directory, path);
    if (content === undefined) {
      await rm(target);
    } else {
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, content);
    }
  }
}

/** The files below a folder, which is created if it is missing: relative path → content. */
export async function readTree(top: string): Promise<Map<string, string>> {
  await mkdir(top, { recursive: true });
  const entries = await readdir(top, { recursive: true, withFileTypes: true });
  const files = new Map<string, string>();
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(path.slice(top.length + 1), await readFile(path, 'utf8'));
  }
  return files;
}
