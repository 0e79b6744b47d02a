// PostgreSQL refuses to run as root, and the account that it runs as instead must reach its program and
// its data. Both are out of that account's reach when the project lies below a private folder.
import { createHash } from 'node:crypto';
import {
  chownSync,
  cpSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

export interface ServerHome {
  /** The folder of the database cluster. */
  readonly data: string;
  /** The folder of bin, lib and share. */
  readonly native: string;
  /** The account that the server runs as; empty for that of this process. */
  readonly account: { uid?: number; gid?: number };
}

interface HomeOptions {
  /** Where the folder `data` is made. */
  directory: string;
  /** The installed folder of bin, lib and share. */
  native: string;
}

// The conventional number of the account `nobody`, which need not exist by that name.
const nobody = 65_534;

/** Creates the folder `data` if it doesn't exist, and returns the account that PostgreSQL runs as. */
export function prepareHome(options: HomeOptions): ServerHome {
  mkdirSync(options.directory, { recursive: true });
  return process.getuid?.() === 0 ? prepareAsRoot(options) : prepareAsUser(options);
}

function prepareAsUser({ directory, native }: HomeOptions): ServerHome {
  const data = join(directory, 'data');
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const owner = statSync(data).uid;
  if (owner !== process.getuid?.()) {
    throw new Error(
      `${data} belongs to another user (${owner}): remove it, or run this as the user who owns it.`,
    );
  }
  return { data: realpathSync(data), native, account: {} };
}

function prepareAsRoot({ directory, native }: HomeOptions): ServerHome {
  const link = join(directory, 'data');
  if (!existsSync(link) && !isReachable(directory)) symlinkToPublicFolder(link);
  mkdirSync(link, { recursive: true, mode: 0o700 });
  const data = realpathSync(link);
  if (statSync(data).uid === 0) chownSync(data, nobody, nobody);
  // An ordinary user's data stays theirs, so that they can start it again.
  const { uid, gid } = statSync(data);
  const isNativeReachable = isReachable(join(native, 'bin/postgres'));
  return {
    data,
    native: isNativeReachable ? native : copyOf(native, join(dirname(data), 'native')),
    account: { uid, gid },
  };
}

/** Whether every account can come to the path. */
function isReachable(path: string): boolean {
  const isOpen = (statSync(path).mode & 0o001) !== 0;
  return isOpen && (path === dirname(path) || isReachable(dirname(path)));
}

// A folder that an earlier link of that path led to is no longer used: the link was removed to start over.
function symlinkToPublicFolder(link: string): void {
  const id = createHash('sha256').update(link).digest('hex').slice(0, 12);
  const folder = `/var/tmp/loyalty-postgres-${id}`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  mkdirSync(join(folder, 'data'), { mode: 0o700 });
  rmSync(link, { force: true });
  symlinkSync(join(folder, 'data'), link);
}

function copyOf(native: string, target: string): string {
  rmSync(target, { recursive: true, force: true });
  cpSync(native, target, { recursive: true, verbatimSymlinks: true });
  for (const path of ['', ...(readdirSync(target, { recursive: true }) as string[])]) {
    lchownSync(join(target, path), nobody, nobody);
  }
  return target;
}
