// PostgreSQL refuses to run as root, and the account that it runs as instead must reach its program and
// its data. Both are out of that account's reach when the project lies below a private folder.
import { createHash } from 'node:crypto';
import {
  chownSync,
  cpSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

export interface ServerHome {
  /** The folder of the database cluster. It exists once the cluster is complete. */
  readonly data: string;
  /** The folder of bin, lib and share. */
  readonly native: string;
  /** The account that the server runs as; empty for that of this process. */
  readonly account: { uid?: number; gid?: number };
}

interface HomeOptions {
  /** Where the folder `data` is, or will be. */
  directory: string;
  /** The installed folder of bin, lib and share. */
  native: string;
}

// The conventional number of the account `nobody`, which need not exist by that name.
const nobody = 65_534;

/**
 * Lets the account that PostgreSQL runs as pass through a folder that nobody else may enter, where that account is
 * another one than this process's.
 */
export function admitServerAccount(directory: string): { mode: number } {
  if (process.getuid?.() !== 0) return { mode: 0o700 };
  chownSync(directory, 0, nobody);
  return { mode: 0o710 };
}

/** Finds where the database cluster is, or will be, and the account that PostgreSQL runs as. */
export function prepareHome(options: HomeOptions): ServerHome {
  mkdirSync(options.directory, { recursive: true });
  const data = join(options.directory, 'data');
  if (existsSync(data) && readdirSync(data).length === 0) rmdirSync(realpathSync(data));
  const home = process.getuid?.() === 0 ? homeOfRoot(options) : homeOfUser(options);
  removeWorkFolders(home);
  return home;
}

const workFolderPrefix = 'initdb-';

/** Makes an empty folder beside the cluster's, for the account that PostgreSQL runs as. */
export function createWorkFolder({ data, account }: ServerHome): string {
  const folder = mkdtempSync(join(dirname(data), workFolderPrefix));
  const { uid, gid } = account;
  if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid);
  return folder;
}

// A start that was killed has left them. What it started may be about to end, and may still write.
function removeWorkFolders({ data }: ServerHome): void {
  const parent = dirname(data);
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(workFolderPrefix)) continue;
    rmSync(join(parent, name), { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

function homeOfUser({ directory, native }: HomeOptions): ServerHome {
  const data = join(realpathSync(directory), 'data');
  const owner = existsSync(data) ? statSync(data).uid : process.getuid?.();
  if (owner !== process.getuid?.()) {
    throw new Error(
      `${data} belongs to another user (${owner}): remove it, or run this as the user who owns it.`,
    );
  }
  return { data, native, account: {} };
}

function homeOfRoot({ directory, native }: HomeOptions): ServerHome {
  const data = dataOfRoot(directory);
  // An ordinary user's data stays theirs, so that they can start it again.
  const { uid, gid } = existsSync(data) ? statSync(data) : { uid: nobody, gid: nobody };
  const isNativeReachable = isReachable(join(native, 'bin/postgres'));
  return {
    data,
    native: isNativeReachable ? native : copyOf(native, join(dirname(data), 'native')),
    account: { uid, gid },
  };
}

function dataOfRoot(directory: string): string {
  const link = join(directory, 'data');
  const isThere = existsSync(link);
  if (!isThere && !isReachable(directory)) return linkToPublicFolder(link);
  return isThere ? realpathSync(link) : join(realpathSync(directory), 'data');
}

/** Whether the account `nobody` can come to the path. */
function isReachable(path: string): boolean {
  const { mode, gid } = statSync(path);
  const isOpen = (mode & 0o001) !== 0 || (gid === nobody && (mode & 0o010) !== 0);
  return isOpen && (path === dirname(path) || isReachable(dirname(path)));
}

/** Returns where the link leads. A folder without a complete cluster is of no use any more. */
function linkToPublicFolder(link: string): string {
  const id = createHash('sha256').update(link).digest('hex').slice(0, 12);
  const folder = `/var/tmp/loyalty-postgres-${id}`;
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  mkdirSync(folder);
  rmSync(link, { force: true });
  symlinkSync(join(folder, 'data'), link);
  return readlinkSync(link);
}

function copyOf(native: string, target: string): string {
  rmSync(target, { recursive: true, force: true });
  cpSync(native, target, { recursive: true, verbatimSymlinks: true });
  for (const path of ['', ...(readdirSync(target, { recursive: true }) as string[])]) {
    lchownSync(join(target, path), nobody, nobody);
  }
  return target;
}
