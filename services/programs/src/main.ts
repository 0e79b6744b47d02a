import { serviceMain } from '@loyalty/platform/service-main.ts';
import { readProgramsConfig } from './config.ts';

await serviceMain({
  name: 'programs',
  readConfig: readProgramsConfig,
  // Loaded once the configuration is known to be good: what is wrong with it is said in a third of the time.
  async start(config, logger) {
    const { startPrograms } = await import('./wiring.ts');
    return startPrograms(config, logger);
  },
});
