import { serviceMain } from '@loyalty/platform/service-main.ts';
import { readWebhooksConfig } from './config.ts';

await serviceMain({
  name: 'webhooks',
  readConfig: readWebhooksConfig,
  async start(config, logger) {
    const { startWebhooks } = await import('./wiring.ts');
    return startWebhooks(config, logger);
  },
});
