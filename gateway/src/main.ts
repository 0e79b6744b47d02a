import { serviceMain } from '@loyalty/platform/service-main.ts';
import { readGatewayConfig } from './config.ts';

await serviceMain({
  name: 'gateway',
  readConfig: readGatewayConfig,
  async start(config, logger) {
    const { startGateway } = await import('./wiring.ts');
    return startGateway(config, logger);
  },
});
