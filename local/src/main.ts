// npm start: the whole platform on this machine, until Ctrl-C.
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { ConfigError } from '@loyalty/platform/config.ts';
import { claimDataDirectory } from './data-directory.ts';
import { ServerExited } from './guarded-process.ts';
import { type Platform, type PlatformOptions, startPlatform, stopPlatform } from './platform.ts';
import { demandFreePorts } from './port-check.ts';
import { withProgress } from './progress.ts';
import { readLocalSettings } from './settings.ts';
import { StartRefused } from './start-refused.ts';

const usage = `npm start             starts the platform with what it kept from the last time
npm start -- --fresh  starts it empty: what it kept is deleted`;

/** The same Ctrl-C may arrive twice: from the terminal, and passed on by a parent. */
const sameRequestMs = 500;
/** How long the services of a run that was killed may take to notice and to end. */
const endingMsMax = 20_000;
const failureExitCode = 1;
const secondSignalExitCode = 130;

process.exitCode = await main();
// Whatever is still open has nothing more to do.
process.exit();

async function main(): Promise<number> {
  const platform: Platform = {};
  const stopping = stopOnRequest(() => platform.services?.kill());
  try {
    const { fresh } = readArguments();
    const { directory, ports } = await readLocalSettings(process.env);
    const data = claimDataDirectory(directory);
    process.once('exit', () => data.release());
    await withProgress('The last run, which was killed, is ending', () =>
      demandFreePorts(ports, { patienceMs: data.wasLeft ? endingMsMax : 0 }),
    );
    if (fresh) data.empty();
    await runUntil(stopping, { platform, data, ports });
    console.log('Stopped.');
    return 0;
  } catch (error) {
    console.error(isForThePerson(error) ? error.message : error);
    return failureExitCode;
  }
}

async function runUntil(
  stopping: AbortSignal,
  options: Omit<PlatformOptions, 'print' | 'stopping'>,
): Promise<void> {
  const { platform, data } = options;
  const began = performance.now();
  const stopped = once(stopping, 'abort').then(() => undefined);
  try {
    const starting = startPlatform({ ...options, stopping, print: console.log });
    const text = await Promise.race([starting, stopped]);
    if (text !== undefined) {
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      const ready = `Ready in ${seconds} s. Ctrl-C stops everything; data stays in ${data.path('')}`;
      console.log(`\n${ready}\n${text}`);
      const { services, postgres, nats } = platform;
      // The services restart by themselves; without these two they could only wait.
      await Promise.race([stopped, services?.failed, postgres?.failed, nats?.failed]);
    }
  } finally {
    console.log('\nStopping …');
    await stopPlatform(platform);
  }
}

/** Aborted when the platform is to stop; another request exits at once. */
function stopOnRequest(kill: () => void): AbortSignal {
  const stopping = new AbortController();
  let askedMs = 0;
  const stop = () => {
    const now = performance.now();
    if (!stopping.signal.aborted) {
      askedMs = now;
      stopping.abort();
    } else if (now - askedMs > sameRequestMs) {
      kill();
      process.exit(secondSignalExitCode);
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  // However the launcher ended.
  process.on('disconnect', () => stopping.abort());
  return stopping.signal;
}

function readArguments(): { fresh: boolean } {
  try {
    const { values } = parseArgs({ options: { fresh: { type: 'boolean', default: false } } });
    return values;
  } catch (error) {
    throw new StartRefused(`${(error as Error).message}\n${usage}`);
  }
}

/** Errors whose message says what to do; other errors are printed with their stack. */
function isForThePerson(error: unknown): error is Error {
  return (
    error instanceof StartRefused || error instanceof ConfigError || error instanceof ServerExited
  );
}
