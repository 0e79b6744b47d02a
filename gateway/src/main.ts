import { configured, runService } from '@loyalty/platform/lifecycle.ts';
import { createLogger } from '@loyalty/platform/logging.ts';
import { readGatewayConfig } from './config.ts';
import { startGateway } from './wiring.ts';

const config = configured('gateway', () => readGatewayConfig(process.env));
const logger = createLogger({ name: 'gateway', ...config.log });

await runService({
  name: 'gateway',
  logger,
  start: async () => {
    const gateway = await startGateway(config, logger);
    return { ready: () => {}, stop: () => gateway.stop() };
  },
  // The gateway ends its own grace period first.
  graceMs: config.shutdownGraceMs + 5000,
});
