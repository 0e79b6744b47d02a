// A process for logging.test.ts: logs a thousand lines in one go, and ends as its argument says.
import { createLogger } from '../src/logging.ts';

const logger = createLogger({ name: 'fixture', level: 'info' });
for (let line = 1; line <= 1000; line++) logger.info({ line }, 'said');
const ending = process.argv[2];
if (ending === 'exits') process.exit(0);
if (ending === 'crashes') throw new Error('a bug');
if (ending === 'is-killed-after-a-fatal-line') {
  logger.fatal('the end');
  process.kill(process.pid, 'SIGKILL');
}
