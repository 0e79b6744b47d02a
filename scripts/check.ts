// npm run check: everything that can be said about the tree without running the platform.
// npm run check -- types lint: only the steps named.
import { parseArgs, styleText } from 'node:util';
import { findBreakingChanges, findBreakingOpenApi } from './breaking-changes.ts';
import { Finding, isCommand, run } from './commands.ts';
import { dumpedSchemas } from './database-schema.ts';
import { loosePins } from './dependency-pins.ts';
import { deploymentProblems } from './deployments.ts';
import { generatedCode, staleFiles } from './generated-code.ts';
import { differing, generatedFiles } from './generated-files.ts';
import { forbiddenImports } from './import-layers.ts';
import { migrationProblems } from './migrations.ts';
import { retiredWordsFile, retiredWordsInUse } from './retired-words.ts';
import { sourceImports } from './source-imports.ts';
import { writeThirdPartyProtos } from './third-party-protos.ts';

/** Throws a Finding that shows what is wrong; returns a remark if there is one. */
type Step = () => Promise<string | undefined>;

const steps: Record<string, Step> = {
  format: () => quiet('biome', 'check', '--error-on-warnings', '.'),
  lint: () => quiet('oxlint', '--type-aware', '--deny-warnings'),
  types: () => quiet('tsc', '--project', '.'),
  imports: async () => refuse(forbiddenImports(await sourceImports()), ''),
  words: async () =>
    refuse(await retiredWordsInUse(), `See docs/glossary.md and ${retiredWordsFile}.`),
  dependencies: async () =>
    refuse(loosePins(), 'Name one exact version, the same in every workspace.'),
  contracts: async () => {
    writeThirdPartyProtos();
    await quiet('buf', 'format', '--diff', '--exit-code', 'proto');
    return quiet('buf', 'lint', 'proto');
  },
  breaking: findBreakingChanges,
  openapi: findBreakingOpenApi,
  generated: async () => {
    const stale = (await staleFiles(await generatedCode())).map((path) => `proto/gen/${path}`);
    stale.push(...(await differing(await generatedFiles())).map(({ path }) => path));
    return refuse(stale, 'Run: npm run generate');
  },
  migrations: async () => refuse(migrationProblems(), 'CONTRIBUTING.md says what the line is for.'),
  schema: async () => {
    const stale = (await dumpedSchemas()).filter(({ isStale }) => isStale);
    return refuse(
      stale.map(({ file }) => file),
      'Run: npm run schema',
    );
  },
  manifests: checkManifests,
};

async function quiet(program: string, ...args: string[]): Promise<undefined> {
  await run(program, args);
}

async function refuse(lines: readonly string[], remedy: string): Promise<undefined> {
  if (lines.length > 0) throw new Finding([...lines, remedy].join('\n').trim());
}

async function checkManifests(): Promise<string | undefined> {
  if (!isCommand('kubectl')) return 'skipped: kubectl is not installed';
  return refuse(await deploymentProblems(), '');
}

/** Runs the step and prints its line; returns whether it found nothing. */
async function passes(name: string, step: Step): Promise<boolean> {
  const start = performance.now();
  const line = (mark: string, remark = '') => {
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.log(`${mark} ${name.padEnd(12)} ${seconds.padStart(5)} s  ${remark}`.trimEnd());
  };
  try {
    const remark = await step();
    line(styleText('green', '✓'), remark);
    return true;
  } catch (error) {
    line(styleText('red', '✗'));
    console.log(error instanceof Finding ? `${error.message}\n` : error);
    return false;
  }
}

const { positionals } = parseArgs({ allowPositionals: true });
const unknown = positionals.filter((name) => !(name in steps));
if (unknown.length > 0) {
  console.error(
    `No such step: ${unknown.join(', ')}. There are: ${Object.keys(steps).join(', ')}.`,
  );
  process.exit(1);
}
for (const [name, step] of Object.entries(steps)) {
  const isWanted = positionals.length === 0 || positionals.includes(name);
  if (isWanted && !(await passes(name, step))) process.exitCode = 1;
}
