// The contracts as a folder that needs nothing else: what `npm run protos` writes.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Finding, root, run } from './commands.ts';
import { readTree } from './generated-code.ts';
import { writeThirdPartyProtos } from './third-party-protos.ts';

/** Begins the README of every folder that this has written; nothing else is ever overwritten. */
const mark = '<!-- Written by `npm run protos` of the loyalty platform. -->';
const readme = 'README.md';

/** The files of the folder: relative path → content. Throws a Finding when a contract has an error. */
export async function exportedContracts(): Promise<Map<string, string>> {
  writeThirdPartyProtos();
  const output = await mkdtemp(join(tmpdir(), 'loyalty-protos-'));
  try {
    await run('buf', ['export', 'proto', '--output', output]);
    // No contract imports them: they are the details of a gRPC error.
    await run('buf', [
      ...['export', 'node_modules/google-proto-files', '--output', output],
      ...['--path', 'node_modules/google-proto-files/google/rpc/status.proto'],
      ...['--path', 'node_modules/google-proto-files/google/rpc/error_details.proto'],
    ]);
    const files = await readTree(output);
    files.set(readme, `${mark}\n${await template(readme)}`);
    files.set('buf.yaml', bufConfiguration(await readFile(join(root, 'buf.yaml'), 'utf8')));
    for (const name of ['buf.gen.go.yaml', 'buf.gen.java.yaml']) {
      files.set(name, await template(name));
    }
    return files;
  } finally {
    await rm(output, { recursive: true });
  }
}

function template(name: string): Promise<string> {
  return readFile(join(import.meta.dirname, 'exported-contracts', name), 'utf8');
}

/** The lint rules of the project, for its own contracts alone. */
function bufConfiguration(ours: string): string {
  const [, rules] = /^ {4}lint:\n(.*?)^ {4}breaking:$/ms.exec(ours) ?? [];
  if (rules === undefined) throw new Error('buf.yaml has no lint rules before its breaking rules');
  return [
    'version: v2',
    'modules:',
    '  - path: .',
    '    lint:',
    `${rules.trimEnd()}`,
    '      ignore:',
    '        # Contracts of others.',
    '        - buf',
    '        - google',
    '',
  ].join('\n');
}

/**
 * Makes the folder equal to the files given. It may be missing, empty, or an earlier export.
 * Throws a Finding, before it writes anything, when the folder has other files or can't be written.
 */
export async function writeExport(
  directory: string,
  files: ReadonlyMap<string, string>,
): Promise<{ files: number; changed: number }> {
  try {
    await refuseFilesOfOthers(directory);
    const present = await readTree(directory);
    const other = [...present.keys()].find((path) => !files.has(path));
    if (other !== undefined) {
      throw new Finding(
        `${directory} has files besides the contracts, such as ${other}; delete them, or name another folder.`,
      );
    }
    const stale = [...files].filter(([path, content]) => present.get(path) !== content);
    // The README first: a folder whose export was interrupted can be exported to again.
    stale.sort(([a], [b]) => Number(b === readme) - Number(a === readme));
    for (const [path, content] of stale) {
      const target = join(directory, path);
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, content);
    }
    return { files: files.size, changed: stale.length };
  } catch (error) {
    throw unwritable(directory, error);
  }
}

/** Any folder can be named by mistake, so nothing of it is read before it is known to be an export. */
async function refuseFilesOfOthers(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const entries = await readdir(directory);
  if (entries.length === 0) return;
  const text = entries.includes(readme) ? await readFile(join(directory, readme), 'utf8') : '';
  if (!text.startsWith(mark)) {
    throw new Finding(`${directory} isn't empty: it has ${entries[0]}; name a new folder.`);
  }
}

function unwritable(directory: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) return error;
  if (code === 'EEXIST' || code === 'ENOTDIR') {
    return new Finding(`${directory} is not a folder; name another one.`);
  }
  return new Finding(`${directory} can't be written (${code}); name another folder.`);
}
