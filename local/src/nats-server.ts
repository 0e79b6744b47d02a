import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { connectNats } from '@loyalty/platform/messaging/connection.ts';
import type { StreamOptions } from '@loyalty/platform/messaging/jetstream.ts';
import { versionProblem } from '@loyalty/platform/messaging/server-version.ts';
import { setUpStreams } from '@loyalty/platform/messaging/set-up-streams.ts';
import { platformStreams } from '@loyalty/platform/messaging/streams.ts';
import { type GuardedProcess, startGuarded, startOnPort } from './guarded-process.ts';
import { derivedSecret, keptSecret } from './kept-secret.ts';
import { natsServerProgram } from './nats-program.ts';
import { awaitPredecessor } from './predecessor.ts';
import { withProgress } from './progress.ts';
import { root } from './settings.ts';

/** The users of the accounts that deployments have. */
export const natsUsers = [
  'operator',
  'programs',
  'ledger',
  'webhooks',
  'producer',
  'consumer',
] as const;
export type NatsUser = (typeof natsUsers)[number];

export interface NatsServer {
  /** With the user's name and password, where there is one. */
  readonly url: string;
  /** Ends the server; what its streams hold stays in its directory. */
  stop(): Promise<void>;
  /** Rejects when it ends unasked. */
  readonly failed: Promise<never>;
}

export interface NatsServerWithAccounts extends NatsServer {
  urlOf(user: NatsUser): string;
  /** What a server that is too old does wrong, and the fix; undefined for one that is new enough. */
  readonly versionProblem: string | undefined;
}

export interface NatsOptions {
  /** The folder of its streams, which the next start uses again. */
  directory: string;
  /** A free one when absent. */
  port?: number;
  /** The only one who may connect; everyone may when absent. */
  user?: Login;
  /** Made where they are missing; those of the platform by default. */
  streams?: readonly StreamOptions[];
}

interface Login {
  name: string;
  password: string;
}

/**
 * Starts a nats-server on 127.0.0.1, with JetStream and its streams, that ends with this process. Installs the
 * program first where that needs no password; throws an error that says how to do it elsewhere.
 */
export async function startNats(options: NatsOptions): Promise<NatsServer> {
  const { user, streams = platformStreams } = options;
  const authorization = user
    ? `authorization { user: ${quoted(user.name)}, password: ${quoted(user.password)} }`
    : '';
  const { port, stop, failed } = await startServer(options, { lines: authorization });
  const url = urlOf(port, user);
  await setUp({ url, stop }, streams);
  return { url, stop, failed };
}

const accountsFile = join(root, 'deploy/kubernetes/components/nats/accounts.conf');

/** Does what {@link startNats} does, and lets in the users of a deployment, each with the permissions of a deployment. */
export async function startNatsWithAccounts(
  options: Pick<NatsOptions, 'directory' | 'port'>,
): Promise<NatsServerWithAccounts> {
  const directory = resolve(options.directory);
  mkdirSync(directory, { recursive: true });
  copyFileSync(accountsFile, join(directory, 'accounts.conf'));
  const secret = keptSecret(join(directory, 'password'));
  const passwordOf = (user: NatsUser) => derivedSecret(secret, user);
  const env = Object.fromEntries(
    natsUsers.map((user) => [`NATS_${user.toUpperCase()}_PASSWORD`, passwordOf(user)]),
  );
  const { port, stop, failed } = await startServer(options, {
    lines: 'include "accounts.conf"',
    env,
  });
  const urlFor = (user: NatsUser) => urlOf(port, { name: user, password: passwordOf(user) });
  const version = await setUp({ url: urlFor('operator'), stop }, platformStreams);
  return {
    url: urlFor('producer'),
    urlOf: urlFor,
    versionProblem: versionProblem(version),
    stop,
    failed,
  };
}

const setupMsMax = 15_000;

/** Returns the version of the server. */
async function setUp(
  { url, stop }: Pick<NatsServer, 'url' | 'stop'>,
  streams: readonly StreamOptions[],
): Promise<string> {
  const logger = { info: () => undefined, warn: () => undefined };
  const nats = connectNats({ url, name: 'setup', logger });
  try {
    const connection = await nats.connection({ timeoutMs: setupMsMax });
    await setUpStreams(connection, streams);
    return connection.info?.version ?? '';
  } catch (error) {
    await stop();
    throw error;
  } finally {
    await nats.close();
  }
}

async function startServer(
  options: NatsOptions,
  { lines, env = {} }: { lines: string; env?: Record<string, string> },
): Promise<GuardedProcess & { port: number }> {
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
      writeFileSync(configFile, configuration({ directory, port, lines }), { mode: 0o600 });
      const { stop, failed } = await startGuarded({
        program,
        args: ['--config', configFile],
        env,
        logFile: join(directory, 'nats.log'),
        ready: /Server is ready/,
        stopSignal: 'TERM',
      });
      return { port, stop, failed };
    });
  });
}

function configuration(options: { directory: string; port: number; lines: string }): string {
  const { directory, port, lines } = options;
  return `listen: "127.0.0.1:${port}"
pid_file: ${quoted(join(directory, 'nats.pid'))}
jetstream { store_dir: ${quoted(directory)} }
${lines}
`;
}

// The format takes JSON's notation of strings.
function quoted(text: string): string {
  return JSON.stringify(text);
}

function urlOf(port: number, user: Login | undefined): string {
  const login = user
    ? `${encodeURIComponent(user.name)}:${encodeURIComponent(user.password)}@`
    : '';
  return `nats://${login}127.0.0.1:${port}`;
}
