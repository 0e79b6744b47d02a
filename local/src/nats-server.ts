import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startGuarded, startOnPort } from './guarded-process.ts';
import { natsServerProgram } from './nats-program.ts';
import { awaitPredecessor } from './predecessor.ts';
import { withProgress } from './progress.ts';

export interface NatsServer {
  /** With the user's name and password, where there is one. */
  readonly url: string;
  /** Ends the server; what its streams hold stays in its directory. */
  stop(): Promise<void>;
}

export interface NatsOptions {
  /** Where its streams are kept, and found again at the next start. */
  directory: string;
  /** A free one when absent. */
  port?: number;
  /** The only one who may connect; everyone may when absent. */
  user?: { name: string; password: string };
}

/**
 * Starts a nats-server with JetStream on 127.0.0.1 that ends with this process. Installs the program first
 * where that needs no password; throws an error that says how to do it elsewhere.
 */
export async function startNats(options: NatsOptions): Promise<NatsServer> {
  const program = await natsServerProgram();
  const directory = resolve(options.directory);
  mkdirSync(directory, { recursive: true });
  const configFile = join(directory, 'nats.conf');
  return withProgress('nats-server is starting', async () => {
    await awaitPredecessor({
      name: 'nats-server',
      pidFile: join(directory, 'nats.pid'),
      argument: configFile,
    });
    return startOnPort(options.port, async (port) => {
      // A file, because a password on the command line is shown to everyone on the machine.
      writeFileSync(configFile, configuration({ ...options, directory, port }), { mode: 0o600 });
      const { stop } = await startGuarded({
        program,
        args: ['--config', configFile],
        logFile: join(directory, 'nats.log'),
        ready: /Server is ready/,
        stopSignal: 'TERM',
      });
      return { url: url({ ...options, port }), stop };
    });
  });
}

// The format takes JSON's notation of strings.
function configuration({ directory, port, user }: NatsOptions & { port: number }): string {
  const lines = [
    `listen: "127.0.0.1:${port}"`,
    `pid_file: ${JSON.stringify(join(directory, 'nats.pid'))}`,
    `jetstream { store_dir: ${JSON.stringify(directory)} }`,
  ];
  if (user) {
    const { name, password } = user;
    lines.push(
      `authorization { user: ${JSON.stringify(name)}, password: ${JSON.stringify(password)} }`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function url({ user, port }: { user?: NatsOptions['user']; port: number }): string {
  const login = user
    ? `${encodeURIComponent(user.name)}:${encodeURIComponent(user.password)}@`
    : '';
  return `nats://${login}127.0.0.1:${port}`;
}
