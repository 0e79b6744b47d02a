import { ConfigError } from './config.ts';
import type { Logger } from './logging.ts';

export interface RunningService {
  /** Resolves when the service can take traffic. */
  ready(): Promise<void> | void;
  /** Stops taking work, finishes what is under way, lets go of all resources. */
  stop(): Promise<void>;
}

export interface ServiceOptions {
  name: string;
  logger: Logger;
  start: () => Promise<RunningService>;
  /** How long `stop` may take before the process exits all the same. */
  graceMs?: number;
}

/** As in sysexits.h (EX_CONFIG): restarting without a change of configuration won't help. */
const configExitCode = 78;
const failureExitCode = 1;
const secondSignalExitCode = 130;

// Ctrl-C reaches a child twice: from the terminal, as a member of its process group, and from a parent that passes
// it on. Signals this close together are one request.
const sameRequestMs = 500;

/**
 * Runs a service until SIGTERM, SIGINT or the disconnection of the parent that spawned it with an ipc channel.
 *
 * Exit codes: 0 after a clean stop, 1 for a crash or a stop beyond the grace period, 78 for a bad configuration,
 * 130 at a second signal, which doesn't wait for anything. A signal during the start stops as soon as that is over.
 */
export async function runService(options: ServiceOptions): Promise<void> {
  const { name, logger, start, graceMs = 25_000 } = options;
  // The state after an uncaught error is unknown; a restart is the only safe way out.
  process.on('uncaughtException', (error) => exitWith(error, options, 'died of an uncaught error'));
  const asked = askedToStop(logger);
  const starting = start();
  try {
    const first = await Promise.race([starting.then(async (service) => service.ready()), asked]);
    if (first === undefined) logger.info(`${name} is ready`);
  } catch (error) {
    exitWith(error, options, 'could not start');
  }
  const reason = await asked;
  logger.info({ cause: reason }, `${name} is stopping`);
  setTimeout(() => {
    logger.error({ graceMs }, `${name} did not stop within its grace period`);
    process.exit(failureExitCode);
  }, graceMs);
  try {
    await (await starting).stop();
  } catch (error) {
    exitWith(error, options, 'did not stop cleanly');
  }
  logger.info(`${name} has stopped`);
  process.exit(0);
}

/**
 * The configuration that `read` returns; a ConfigError ends the process with that one line and exit code 78.
 * For the first line of a main module, before there is a logger.
 */
export function configured<Config>(name: string, read: () => Config): Config {
  try {
    return read();
  } catch (error) {
    return exitOnConfigError(name, error);
  }
}

function askedToStop(logger: Logger): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let askedAt: number | undefined;
  const ask = (cause: string) => {
    askedAt ??= performance.now();
    if (performance.now() - askedAt > sameRequestMs) {
      logger.warn({ cause }, 'asked to stop again: exiting immediately');
      process.exit(secondSignalExitCode);
    }
    resolve(cause);
  };
  process.on('SIGTERM', () => ask('SIGTERM'));
  process.on('SIGINT', () => ask('SIGINT'));
  // Happens however the parent ended, also by SIGKILL; it isn't a second request when the parent passed on a signal.
  process.on('disconnect', () => resolve('the parent process is gone'));
  return promise;
}

function exitWith(error: unknown, { name, logger }: ServiceOptions, message: string): never {
  if (!(error instanceof ConfigError)) {
    logger.fatal({ err: error }, `${name} ${message}`);
    process.exit(failureExitCode);
  }
  return exitOnConfigError(name, error);
}

function exitOnConfigError(name: string, error: unknown): never {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${name}: ${error.message}\n`);
  process.exit(configExitCode);
}
