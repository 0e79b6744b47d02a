// Builds clients/typescript/dist, which is what npm pack puts into @loyalty/client: plain JavaScript with types, and with
// the contracts compiled in. In this repository, the package runs from its source.
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root, run } from './commands.ts';
import { writeThirdPartyProtos } from './third-party-protos.ts';

const folder = join(root, 'clients/typescript');

// Generated again, and not copied: the code in proto/gen shares its validation rules with the validator, which users of
// the client don't need.
const template = {
  version: 'v2',
  plugins: [
    {
      local: 'protoc-gen-es',
      out: '.',
      include_imports: true,
      opt: ['target=js+dts', 'import_extension=js', 'erasable_syntax=true'],
    },
  ],
  inputs: [
    { directory: 'proto', exclude_paths: ['proto/loyalty/events/v1/outbox.proto'] },
    {
      directory: 'node_modules/google-proto-files',
      paths: ['error_details', 'status', 'code'].map(
        (name) => `node_modules/google-proto-files/google/rpc/${name}.proto`,
      ),
    },
  ],
};

const compilerOptions = {
  target: 'es2022',
  // Of Node 20: anything newer is an error here.
  lib: ['es2023', 'es2024.string'],
  module: 'nodenext',
  types: ['node'],
  rootDir: '.',
  outDir: '../dist',
  declaration: true,
  rewriteRelativeImportExtensions: true,
  verbatimModuleSyntax: true,
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: true,
};

writeThirdPartyProtos();
// Inside the package, where its dependencies are found.
const stage = await mkdtemp(join(folder, '.build-'));
try {
  await run('buf', [
    'generate',
    '--template',
    JSON.stringify(template),
    '--output',
    join(stage, 'proto'),
  ]);
  await cp(join(folder, 'src'), stage, {
    recursive: true,
    filter: (path) => !path.endsWith('.test.ts'),
  });
  await pointToContracts(stage);
  await writeFile(
    join(stage, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, include: ['*.ts', 'double/*.ts'] }),
  );
  const dist = join(folder, 'dist');
  await rm(dist, { recursive: true, force: true });
  await run('tsc', ['--project', stage]);
  await cp(join(stage, 'proto'), join(dist, 'proto'), { recursive: true });
  await cp(join(root, 'LICENSE'), join(folder, 'LICENSE'));
} finally {
  await rm(stage, { recursive: true, force: true });
}

/** Makes the contracts, a package of their own here, a part of the client. */
async function pointToContracts(top: string): Promise<void> {
  for (const entry of await readdir(top, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.parentPath.startsWith(join(top, 'proto'))) continue;
    const path = join(entry.parentPath, entry.name);
    const up = entry.parentPath === top ? './' : '../'.repeat(depth(entry.parentPath, top));
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace(/'@loyalty\/proto\/(.*)\.ts'/g, `'${up}proto/$1.js'`));
  }
}

function depth(path: string, top: string): number {
  return path.slice(top.length).split('/').length - 1;
}
