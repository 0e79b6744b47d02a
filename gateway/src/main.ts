import { serviceMain } from '@loyalty/platform/service-main.ts';
import { readGatewayConfig } from './config.ts';

await serviceMain({
  name: 'gateway',
  readConfig: readGatewayConfig,
  // Loaded once the configuration is known to be good: what is wrong with it is said in a third of the time.
  async start(config, logger) {
    const { startGateway } = await import('./wiring.ts');
    return startGateway(config, logger);
  },
});
