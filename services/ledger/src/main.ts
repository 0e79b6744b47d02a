import { serviceMain } from '@loyalty/platform/service-main.ts';
import { readLedgerConfig } from './config.ts';

await serviceMain({
  name: 'ledger',
  readConfig: readLedgerConfig,
  // Loaded once the configuration is known to be good: what is wrong with it is said in a third of the time.
  async start(config, logger) {
    const { startLedger } = await import('./wiring.ts');
    return startLedger(config, logger);
  },
});
