import {
  type ConnectionOptions,
  connect,
  ErrorCode,
  Events,
  type NatsConnection,
  type NatsError,
} from 'nats';
import { StorageUnavailable } from '../errors.ts';
import type { Logger } from '../logging.ts';
import { abortable, pause } from '../waiting.ts';
import { checkStreams, StreamNotSetUp } from './check-streams.ts';
import type { StreamOptions } from './jetstream.ts';
import { versionProblem } from './server-version.ts';

export interface NatsOptions {
  /** `nats://host:port`, several separated by commas. User and password may be part of it. */
  url: string;
  user?: string | undefined;
  password?: string | undefined;
  /** Shown in the server's list of connections. */
  name: string;
  /** Checked after every connect, and every `recheckMs`. */
  streams?: readonly StreamOptions[];
  /** How long after a check that found nothing wrong the streams are checked again; 10 s by default. */
  recheckMs?: number;
  /**
   * Whether refused credentials end the attempts, so that someone who waits is told at once; false by default, because
   * credentials may be being rotated.
   */
  endsIfRefused?: boolean;
  logger: Pick<Logger, 'info' | 'warn'>;
}

/** Thrown when NATS doesn't know the user, or the password is another one. */
export class CredentialsRefused extends Error {
  override readonly name = 'CredentialsRefused';
}

export interface Nats {
  /** Whether a server responds and the streams are as they should be. */
  isConnected(): boolean;
  /** What the last check found wrong with the streams, if anything; readiness uses it. */
  streamProblem(): StreamNotSetUp | undefined;
  /**
   * The connection, as soon as there is one; while a server restarts, the one that is being restored.
   *
   * @throws {StorageUnavailable} when there is none within the time given, or after `close()`
   * @throws {CredentialsRefused} if that ends the attempts
   */
  connection(wait?: { signal?: AbortSignal; timeoutMs?: number }): Promise<NatsConnection>;
  /**
   * Checks the streams again, for one who found one missing.
   *
   * @throws {StreamNotSetUp} {@link StorageUnavailable}
   */
  checkStreams(): Promise<void>;
  /** Sends what is buffered, acknowledgements above all, and disconnects. */
  close(): Promise<void>;
}

/** What a NATS user isn't allowed to do, such as `publish to "$JS.API.INFO"`; undefined for any other error. */
export function missingPermission(error: unknown): string | undefined {
  const { permissionContext } = error as Partial<NatsError>;
  if (permissionContext === undefined) return undefined;
  const { operation, subject } = permissionContext;
  return `${operation === 'publish' ? 'publish' : 'subscribe'} to "${subject}"`;
}

const retryMs = 500;
const flushMs = 2_000;

/**
 * Starts to connect, and never gives up: neither a server that isn't up yet, nor one that goes down, nor
 * refused credentials, unless the options say so, end the attempts. Callers wait for the connection.
 */
export function connectNats(options: NatsOptions): Nats {
  const { logger, streams = [], recheckMs = 10_000 } = options;
  const closing = new AbortController();
  let live: NatsConnection | undefined;
  let next = Promise.withResolvers<NatsConnection>();
  let usable = false;
  let streamProblem: StreamNotSetUp | undefined;
  let watchingStreams = new AbortController();

  const check = async () => {
    if (live === undefined) throw new StorageUnavailable('NATS is not reachable');
    try {
      await checkStreams(live, streams);
      usable = true;
      streamProblem = undefined;
    } catch (error) {
      if (error instanceof StreamNotSetUp) {
        usable = false;
        streamProblem = error;
      }
      throw error;
    }
  };

  // JetStream may need a while longer than the server itself, for instance to elect a leader.
  const watchStreams = async () => {
    watchingStreams.abort();
    watchingStreams = new AbortController();
    const signal = AbortSignal.any([closing.signal, watchingStreams.signal]);
    let lastProblem = '';
    while (!signal.aborted) {
      try {
        await check();
        lastProblem = '';
      } catch (error) {
        const problem = String(error);
        if (problem !== lastProblem) logger.warn({ err: error }, 'JetStream is not ready');
        lastProblem = problem;
      }
      await pause(lastProblem === '' ? recheckMs : retryMs, signal);
    }
  };

  const noteVersion = (connection: NatsConnection) => {
    const problem = versionProblem(connection.info?.version ?? '');
    if (problem !== undefined) logger.warn({ server: connection.getServer() }, problem);
  };

  const watch = async (connection: NatsConnection) => {
    for await (const { type } of connection.status()) {
      if (type === Events.Disconnect) {
        usable = false;
        streamProblem = undefined;
        watchingStreams.abort();
        logger.warn('disconnected from NATS');
      } else if (type === Events.Reconnect) {
        logger.info('connected to NATS again');
        noteVersion(connection);
        void watchStreams();
      }
    }
  };

  const serve = async (connection: NatsConnection) => {
    logger.info({ server: connection.getServer() }, 'connected to NATS');
    live = connection;
    next.resolve(connection);
    noteVersion(connection);
    void watchStreams();
    void watch(connection);
    await abortable(connection.closed(), closing.signal).catch(() => undefined);
    usable = false;
    streamProblem = undefined;
    watchingStreams.abort();
    live = undefined;
    next = Promise.withResolvers();
    // Without a server there is nothing to flush to.
    await abortable(connection.flush(), AbortSignal.timeout(flushMs)).catch(() => undefined);
    await connection.close();
  };

  const run = async () => {
    while (!closing.signal.aborted) {
      try {
        await serve(await connect(connectionOptions(options)));
      } catch (error) {
        const refused = isRefusal(error);
        logger.warn({ err: error }, refused ? refusedText : 'NATS is not reachable');
        if (refused && options.endsIfRefused === true) {
          next.promise.catch(() => undefined);
          next.reject(new CredentialsRefused(refusedText, { cause: error }));
          return;
        }
        await pause(retryMs, closing.signal);
      }
    }
  };
  const ended = run();

  return {
    isConnected: () => usable,
    streamProblem: () => streamProblem,
    async connection({ signal, timeoutMs } = {}) {
      if (live !== undefined) return live;
      const limits = [closing.signal, signal, timeoutMs && AbortSignal.timeout(timeoutMs)];
      try {
        return await abortable(next.promise, AbortSignal.any(limits.filter((limit) => !!limit)));
      } catch (error) {
        if (error instanceof CredentialsRefused) throw error;
        throw new StorageUnavailable('NATS is not reachable', { cause: error });
      }
    },
    checkStreams: check,
    async close() {
      closing.abort();
      await ended;
    },
  };
}

const refusedText = 'NATS refused the user or the password';

function isRefusal(error: unknown): boolean {
  const { code } = error as Partial<NatsError>;
  return code === ErrorCode.AuthorizationViolation || code === ErrorCode.BadAuthentication;
}

function connectionOptions(options: NatsOptions): ConnectionOptions {
  const servers = options.url.split(',').map((server) => new URL(server.trim()));
  const [first] = servers;
  const user = options.user ?? decodeURIComponent(first?.username ?? '');
  const password = options.password ?? decodeURIComponent(first?.password ?? '');
  return {
    name: options.name,
    servers: servers.map(({ host }) => host),
    ...(user === '' ? {} : { user, pass: password }),
    // The client ignores the scheme; without this it would encrypt only if the server requires it.
    ...(servers.some(({ protocol }) => protocol === 'tls:') && { tls: {} }),
    maxReconnectAttempts: -1,
    // Credentials may be being rotated.
    ignoreAuthErrorAbort: true,
    reconnectTimeWait: retryMs,
    timeout: 5_000,
    // Notices within 15 seconds that a server has vanished without closing the connection.
    pingInterval: 5_000,
    maxPingOut: 2,
  };
}
