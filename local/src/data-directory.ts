import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { findPredecessor } from './predecessor.ts';
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
  /** Lets another process have the folder. */
  release(): void;
}

const mainFile = 'local/src/main.ts';

/** @throws {StartRefused} while another process has the folder, or when it can't be written */
export function claimDataDirectory(directory: string): DataDirectory {
  const path = (name: string) => join(directory, name);
  try {
    mkdirSync(directory, { recursive: true });
    claim(path('pid'), directory);
  } catch (error) {
    if (error instanceof StartRefused) throw error;
    throw new StartRefused(
      `${directory} can't be written (${(error as NodeJS.ErrnoException).code}): change its owner to the user who runs npm start, or set LOYALTY_LOCAL_DIRECTORY to another folder`,
    );
  }
  return {
    path,
    secret: () => readOrCreate(path('secret')),
    readEnv: () => parseEnv(read(path('env')) ?? ''),
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

function claim(pidFile: string, directory: string): void {
  try {
    writeFileSync(pidFile, String(process.pid), { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const pid = findPredecessor({ pidFile, argument: mainFile });
    if (pid !== undefined) {
      throw new StartRefused(
        `npm start is already running in ${directory} (process ${pid}): use that one, or stop it: kill ${pid}`,
      );
    }
    rmSync(pidFile, { force: true });
    claim(pidFile, directory);
  }
}

function readOrCreate(file: string): string {
  const present = read(file);
  if (present !== undefined && present.length >= 32) return present;
  const created = randomBytes(32).toString('base64url');
  writeFileSync(file, created, { mode: 0o600 });
  return created;
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
