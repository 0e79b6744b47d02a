import { serviceMain } from '@loyalty/platform/service-main.ts';
import { readLedgerConfig } from './config.ts';

await serviceMain({
  name: 'ledger',
  readConfig: readLedgerConfig,
  async start(config, logger) {
    const { startLedger } = await import('./wiring.ts');
    return startLedger(config, logger);
  },
});
