import { configured, runService } from '@loyalty/platform/lifecycle.ts';
import { createLogger } from '@loyalty/platform/logging.ts';
import { readLedgerConfig } from './config.ts';
import { startLedger } from './wiring.ts';

const config = configured('ledger', () => readLedgerConfig(process.env));
const logger = createLogger({ name: 'ledger', ...config.log });

await runService({
  name: 'ledger',
  logger,
  // Beyond the drain: finishing messages, publishing what is committed, and closing connections.
  graceMs: config.shutdownGraceMs + 5_000,
  start: async () => {
    const { grpcPort, httpPort, stop } = await startLedger(config, logger);
    logger.info({ grpcPort, httpPort }, 'listening');
    return { ready: () => undefined, stop };
  },
});
