import { serviceMain } from '@loyalty/platform/service-main.ts';
import { readProgramsConfig } from './config.ts';
import { startPrograms } from './wiring.ts';

await serviceMain({ name: 'programs', readConfig: readProgramsConfig, start: startPrograms });
