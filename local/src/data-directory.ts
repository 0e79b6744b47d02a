import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { keptSecret } from './kept-secret.ts';
import { admitServerAccount } from './postgres-home.ts';
import { findPredecessor } from './predecessor.ts';
import { portSettings } from './settings.ts';
import { StartRefused } from './start-refused.ts';

/** The folder in which everything is kept that outlives a run. */
export interface DataDirectory {
  path(name: string): string;
  /** A random text, made on first use. */
  secret(): string;
  /** The environment that the last run wrote; empty before the first run. */
  readEnv(): NodeJS.Dict<string>;
  /** Writes them to a file that a shell can source. */
  writeEnv(values: Readonly<Record<string, string>>): void;
  /** Deletes databases, streams and logs. Tokens that were handed out stay good. */
  empty(): void;
  /** Whether the last run was killed: what it started may be about to end. */
  readonly wasLeft: boolean;
  /** Lets another process have the folder. */
  release(): void;
}

const mainFile = 'local/src/main.ts';

/**
 * A folder of something else would be closed to others.
 *
 * @throws {StartRefused} when the folder has files, and none that an earlier start has made
 */
function requireOwn(directory: string): void {
  const names = readdirSync(directory);
  const isOwn = ['secret', 'pid', 'env', 'postgres', 'nats', 'logs'].some((name) =>
    names.includes(name),
  );
  if (names.length === 0 || isOwn) return;
  throw new StartRefused(
    `${directory} has files that npm start didn't make: set LOYALTY_LOCAL_DIRECTORY to a folder that is empty or doesn't exist`,
  );
}

/** @throws {StartRefused} while another process has the folder, or when it can't be written */
export function claimDataDirectory(directory: string): DataDirectory {
  const path: PathOf = (name) => join(directory, name);
  let wasLeft: boolean;
  try {
    const isNew = mkdirSync(directory, { recursive: true, mode: 0o700 }) !== undefined;
    if (!isNew) requireOwn(directory);
    chmodSync(directory, admitServerAccount(directory).mode);
    wasLeft = claim(path);
  } catch (error) {
    if (error instanceof StartRefused) throw error;
    throw new StartRefused(
      `${directory} can't be written (${(error as NodeJS.ErrnoException).code}): change its owner to the user who runs npm start, or set LOYALTY_LOCAL_DIRECTORY to another folder`,
    );
  }
  return {
    path,
    wasLeft,
    secret: () => keptSecret(path('secret')),
    readEnv: () => readEnv(path),
    writeEnv(values) {
      const lines = Object.entries(values).map(
        ([name, value]) => `export ${name}=${quoted(value)}`,
      );
      // Renamed into place, so that no reader sees half of it.
      writeFileSync(path('env.new'), `${lines.join('\n')}\n`, { mode: 0o600 });
      renameSync(path('env.new'), path('env'));
    },
    empty() {
      for (const name of ['postgres', 'nats', 'logs']) {
        rmSync(path(name), { recursive: true, force: true });
      }
    },
    release: () => rmSync(path('pid'), { force: true }),
  };
}

type PathOf = (name: string) => string;

/** Returns whether a process that has ended still claimed the folder. */
function claim(path: PathOf): boolean {
  const mine = path(`pid.${process.pid}`);
  writeFileSync(mine, String(process.pid));
  try {
    // A link appears with its content, or it fails: no other start sees a claim without its owner.
    for (let wasLeft = false; ; wasLeft = true) {
      if (link(mine, path('pid'))) return wasLeft;
      const pid = findPredecessor({ pidFile: path('pid'), argument: mainFile });
      if (pid !== undefined) throw new StartRefused(alreadyRunning(path, pid));
      removeStale(path);
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Returns false where the name is taken. */
function link(file: string, name: string): boolean {
  try {
    linkSync(file, name);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Another start may have put its own claim in place of the stale one; that is put back. */
function removeStale(path: PathOf): void {
  const aside = path(`pid.stale.${process.pid}`);
  try {
    renameSync(path('pid'), aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (findPredecessor({ pidFile: aside, argument: mainFile }) !== undefined) {
    link(aside, path('pid'));
  }
  rmSync(aside, { force: true });
}

function alreadyRunning(path: PathOf, pid: number): string {
  const url = readEnv(path)['LOYALTY_URL'];
  const where = url === undefined ? '' : `, with the gateway at ${url}`;
  return [
    `npm start is already running in ${path('')} (process ${pid})${where}.`,
    `Use that one, stop it (kill ${pid}), or start another one beside it in a folder of its own and on other ports:`,
    `LOYALTY_LOCAL_DIRECTORY=${quoted(`${path('')}-2`)} ${otherPorts} npm start`,
  ].join('\n');
}

// 0 takes a free one.
const otherPorts = Object.values(portSettings)
  .map((setting) => `${setting}=0`)
  .join(' ');

function readEnv(path: PathOf): NodeJS.Dict<string> {
  return parseEnv(read(path('env')) ?? '');
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** One word of a shell's command line. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
