// A service for lifecycle.test.ts: says what happens to it, and misbehaves as its argument tells.
import { ConfigError } from '../src/config.ts';
import { configured, runService } from '../src/lifecycle.ts';
import { createLogger } from '../src/logging.ts';

const behaviour = process.argv[2];

const say = (line: string) => void process.stdout.write(`${line}\n`);
const forEver = () => new Promise<never>(() => setInterval(() => undefined, 1_000));

const level = configured('fixture', () => {
  if (behaviour === 'bad-config') throw new ConfigError('FIXTURE_URL is missing; set it');
  return 'info';
});

await runService({
  name: 'fixture',
  logger: createLogger({ name: 'fixture', level }),
  graceMs: behaviour === 'hangs-briefly' ? 300 : 20_000,
  start: async () => {
    if (behaviour === 'fails-to-start') throw new Error('no such port');
    if (behaviour === 'old-binary') throw new ConfigError('the database is newer');
    const ready = async () => {
      say(behaviour === 'never-ready' ? 'WAITING' : 'READY');
      if (behaviour === 'never-ready') await forEver();
    };
    if (behaviour === 'crashes') setTimeout(() => void Promise.reject(new Error('a bug')), 10);
    return {
      ready,
      stop: async () => {
        say('STOPPING');
        if (behaviour?.startsWith('hangs') === true) await forEver();
        if (behaviour === 'fails-to-stop') throw new Error('stuck');
        say('STOPPED');
      },
    };
  },
});
