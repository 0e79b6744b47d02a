import { execFile, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { withProgress } from './progress.ts';

const execute = promisify(execFile);

/** The path of nats-server, which is installed first where that needs no password. */
export async function natsServerProgram(): Promise<string> {
  const present = find('nats-server');
  if (present) return present;
  const commands = await installation();
  if (commands) {
    await withProgress('nats-server is being installed', async () => {
      for (const command of commands) await install(command);
    });
    const installed = find('nats-server');
    if (installed) return installed;
  }
  throw new Error(
    "nats-server is missing and can't be installed automatically. Run: " +
      (process.platform === 'darwin'
        ? 'brew install nats-server'
        : 'sudo apt-get install nats-server (or put nats-server from https://nats.io/download on the PATH)'),
  );
}

// Debian puts servers where an ordinary user's PATH doesn't lead.
const serverDirectories = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin'];

function find(program: string): string | undefined {
  const directories = (process.env['PATH'] ?? '').split(delimiter).filter((path) => path !== '');
  return [...directories, ...serverDirectories]
    .map((directory) => join(directory, program))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The commands that install nats-server here without asking for anything; undefined where none do. */
async function installation(): Promise<string[][] | undefined> {
  if (process.platform === 'darwin') {
    return find('brew') ? [['brew', 'install', 'nats-server']] : undefined;
  }
  if (!find('apt-get')) return undefined;
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const isAllowed =
    sudo.length === 0 ||
    (await execute('sudo', ['-n', 'true']).then(
      () => true,
      () => false,
    ));
  if (!isAllowed) return undefined;
  // Others may be installing something at this moment.
  const apt = [...sudo, 'apt-get', '-q', '-o', 'DPkg::Lock::Timeout=120'];
  return [
    [...apt, 'update'],
    [...apt, 'install', '-y', '--no-install-recommends', 'nats-server'],
  ];
}

async function install([program = '', ...args]: string[]): Promise<void> {
  console.error(`Running ${program} ${args.join(' ')}`);
  const child = spawn(program, args, {
    // This program's standard output has its own readers, so a child's output goes elsewhere.
    stdio: ['ignore', process.stderr, process.stderr],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`${program} ended with exit code ${code}: see above.`);
}
