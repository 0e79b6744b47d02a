import { serviceMain } from '@loyalty/platform/service-main.ts';
import { readProgramsConfig } from './config.ts';

await serviceMain({
  name: 'programs',
  readConfig: readProgramsConfig,
  async start(config, logger) {
    const { startPrograms } = await import('./wiring.ts');
    return startPrograms(config, logger);
  },
});
