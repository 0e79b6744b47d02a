import { configured, runService } from '@loyalty/platform/lifecycle.ts';
import { createLogger } from '@loyalty/platform/logging.ts';
import { readProgramsConfig } from './config.ts';
import { startPrograms } from './wiring.ts';

const config = configured('programs', () => readProgramsConfig(process.env));
const logger = createLogger({ name: 'programs', ...config.log });

await runService({
  name: 'programs',
  logger,
  // Beyond the drain: publishing what is committed, and closing connections.
  graceMs: config.shutdownGraceMs + 5_000,
  start: async () => {
    const { grpcPort, httpPort, stop } = await startPrograms(config, logger);
    logger.info({ grpcPort, httpPort }, 'listening');
    return { ready: () => undefined, stop };
  },
});
