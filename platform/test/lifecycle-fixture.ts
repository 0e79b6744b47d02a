// A service for lifecycle.test.ts: says what happens to it, and misbehaves as its argument says.
import { ConfigError } from '../src/config.ts';
import { configured, runService } from '../src/lifecycle.ts';
import { createLogger } from '../src/logging.ts';

const behavior = process.argv[2];

const say = (line: string) => void process.stdout.write(`${line}\n`);
const indefinitely = () => new Promise<never>(() => setInterval(() => undefined, 1_000));

const level = configured('fixture', () => {
  if (behavior === 'bad-config') throw new ConfigError('FIXTURE_URL is missing; set it');
  return 'info';
});

await runService({
  name: 'fixture',
  logger: createLogger({ name: 'fixture', level }),
  graceMs: behavior === 'hangs-briefly' ? 300 : 20_000,
  start: async () => {
    if (behavior === 'fails-to-start') throw new Error('no such port');
    if (behavior === 'old-binary') throw new ConfigError('the database is newer');
    const ready = async () => {
      say(behavior === 'never-ready' ? 'WAITING' : 'READY');
      if (behavior === 'never-ready') await indefinitely();
    };
    if (behavior === 'crashes') setTimeout(() => void Promise.reject(new Error('a bug')), 10);
    return {
      ready,
      stop: async () => {
        say('STOPPING');
        if (behavior?.startsWith('hangs') === true) await indefinitely();
        if (behavior === 'fails-to-stop') throw new Error('stuck');
        say('STOPPED');
      },
    };
  },
});
