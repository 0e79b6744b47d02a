import { cpSync, existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Finding, root, run } from './commands.ts';
import { breakingChanges } from './openapi/breaking-changes.ts';
import { openApiFile } from './openapi/document.ts';
import type { Schema } from './openapi/schema.ts';
import { writeThirdPartyProtos } from './third-party-protos.ts';

/**
 * Compares the contracts with those of the main branch; returns what they were compared with.
 * Throws a Finding when a client of the earlier ones would notice.
 */
export async function findBreakingChanges(): Promise<string> {
  const base = await baseCommit();
  if (!base) return 'skipped: there is no earlier commit with contracts';
  const directory = await mkdtemp(join(tmpdir(), 'loyalty-contracts-'));
  try {
    await run('git', [
      'archive',
      '--output',
      join(directory, 'base.tar'),
      base,
      'buf.yaml',
      'proto',
    ]);
    await run('tar', ['-xf', 'base.tar'], { cwd: directory });
    copyThirdPartyProtos(directory);
    const image = join(directory, 'base.binpb');
    await run('buf', ['build', 'proto', '--output', image], { cwd: directory });
    await run('buf', ['breaking', 'proto', '--against', image]);
    return `against ${base.slice(0, 8)}`;
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** The same of the document of what the gateway serves. */
export async function findBreakingOpenApi(): Promise<string> {
  const base = await baseCommit();
  const earlier = base && (await git('show', `${base}:${openApiFile}`));
  if (!base || !earlier) return `skipped: there is no earlier commit with ${openApiFile}`;
  const changes = breakingChanges(
    JSON.parse(earlier) as Schema,
    JSON.parse(readFileSync(join(root, openApiFile), 'utf8')) as Schema,
  );
  if (changes.length > 0) throw new Finding(changes.join('\n'));
  return `against ${base.slice(0, 8)}`;
}

/** Where this work departed from the main branch; on the main branch itself, the commit before the last change. */
async function baseCommit(): Promise<string | undefined> {
  const head = await commit('HEAD');
  const candidates = [await commit('origin/main'), await commit('main')];
  const isChanged = (await git('status', '--porcelain', '--', 'proto', openApiFile)) !== '';
  const base =
    candidates.find((candidate) => candidate !== undefined && candidate !== head) ??
    (isChanged ? head : await commit('HEAD^'));
  const hasContracts = base && (await git('ls-tree', '--name-only', base, 'buf.yaml')) !== '';
  return hasContracts ? base : undefined;
}

async function commit(revision: string): Promise<string | undefined> {
  const found = await git('rev-parse', '--verify', '--quiet', `${revision}^{commit}`);
  return found || undefined;
}

async function git(...args: string[]): Promise<string> {
  return (await run('git', args).catch(() => '')).trim();
}

// buf reads no module that lies behind a link or outside of its folder.
function copyThirdPartyProtos(directory: string): void {
  writeThirdPartyProtos(directory);
  for (const path of moduleFolders(readFileSync(join(directory, 'buf.yaml'), 'utf8'))) {
    if (!path.startsWith('node_modules/') || !existsSync(join(root, path))) continue;
    cpSync(join(root, path), join(directory, path), { recursive: true });
  }
}

/** The folders that a buf.yaml names: of each module what it includes, or all of it. */
function moduleFolders(configuration: string): string[] {
  const modules = configuration.split(/^ {2}- path: /m).slice(1);
  return modules.flatMap((module) => {
    const [, included] = /^ {4}includes:\n((?: {6}- .+\n)+)/m.exec(module) ?? [];
    if (!included) return [module.slice(0, module.indexOf('\n'))];
    return included
      .trim()
      .split('\n')
      .map((line) => line.replace(/^ *- /, ''));
  });
}
