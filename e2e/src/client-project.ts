// The client as a project elsewhere has it: packed, unpacked and beside its declared dependencies, in an empty folder.
import { execFile, execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '@loyalty/local/settings.ts';
import { sharedPackedClient } from '@loyalty/local/shared-fixtures.ts';

const exec = promisify(execFile);

/** The packages of the programs on the pages, besides the client; their dependencies come with them. */
const others = ['@connectrpc/connect', '@connectrpc/connect-node', '@types/node'];

// With the types of all packages checked, too: those of nats don't pass exactOptionalPropertyTypes.
const compilerOptions = {
  target: 'es2022',
  module: 'nodenext',
  moduleDetection: 'force',
  types: ['node'],
  strict: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
};

export interface Project {
  readonly directory: string;
  /** The path of every file in the package, relative to its top. */
  readonly packed: readonly string[];
  write(name: string, text: string): Promise<void>;
  /** Compiles all that was written to JavaScript; rejects with what the compiler says. */
  compile(): Promise<void>;
  /** Runs a compiled file with a Node.js, and returns what it prints. */
  run(
    name: string,
    options: { node: string; env: Readonly<Record<string, string>> },
  ): Promise<string>;
  remove(): Promise<void>;
}

/** A project with the packed client. Nothing is fetched: its dependencies are copied from node_modules. */
export async function createProject(): Promise<Project> {
  const packed = await sharedPackedClient();
  const directory = await mkdtemp(join(tmpdir(), 'loyalty-client-'));
  const modules = join(directory, 'node_modules');
  const client = join(modules, '@loyalty/client');
  await mkdir(client, { recursive: true });
  await exec('tar', ['-xzf', packed.file, '-C', client, '--strip-components=1']);
  const { dependencies } = JSON.parse(await readFile(join(client, 'package.json'), 'utf8'));
  const copied = new Set<string>();
  for (const name of [...Object.keys(dependencies), ...others]) {
    await copyPackage(name, { from: root, modules, copied });
  }
  const manifest = { private: true, type: 'module' };
  await writeFile(join(directory, 'package.json'), JSON.stringify(manifest));
  await writeFile(
    join(directory, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, include: ['*.ts'] }),
  );
  return {
    directory,
    packed: packed.names,
    write: (name, text) => writeFile(join(directory, name), text),
    async compile() {
      const tsc = join(root, 'node_modules/.bin/tsc');
      try {
        await exec(tsc, ['--project', directory]);
      } catch (error) {
        throw new Error((error as { stdout: string }).stdout, { cause: error });
      }
    },
    async run(name, { node, env }) {
      const options = { cwd: directory, env: { PATH: process.env['PATH'], ...env } };
      const { stdout } = await exec(node, [name.replace(/\.ts$/, '.js')], options);
      return stdout;
    },
    remove: () => rm(directory, { recursive: true }),
  };
}

/** Copies a package and all that it depends on, as it declares it. */
async function copyPackage(
  name: string,
  { from, modules, copied }: { from: string; modules: string; copied: Set<string> },
): Promise<void> {
  const source = folderOf(name, from);
  if (copied.has(source)) return;
  copied.add(source);
  await cp(source, join(modules, name), {
    recursive: true,
    dereference: true,
    filter: (path) => !path.slice(source.length).includes('/node_modules'),
  });
  const { dependencies = {}, peerDependencies = {} } = JSON.parse(
    await readFile(join(source, 'package.json'), 'utf8'),
  );
  for (const each of Object.keys({ ...dependencies, ...peerDependencies })) {
    await copyPackage(each, { from: source, modules, copied });
  }
}

/** The package's folder, as Node.js finds it from another one. */
function folderOf(name: string, from: string): string {
  const paths = createRequire(join(from, 'package.json')).resolve.paths(name) ?? [];
  for (const path of paths) {
    try {
      return dirname(createRequire(join(path, 'x.js')).resolve(join(path, name, 'package.json')));
    } catch {
      // In a folder further up.
    }
  }
  throw new Error(`${name} isn't installed`);
}

/** The Node.js of this machine, if it is another one and new enough for the client. */
export const otherNode = ['/usr/bin/node', '/usr/local/bin/node'].find((path) => {
  try {
    const version = execFileSync(path, ['--version'], { encoding: 'utf8' }).slice(1).trim();
    return version !== process.versions.node && Number(version.split('.')[0]) >= 20;
  } catch {
    return false;
  }
});
