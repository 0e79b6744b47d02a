import { serviceMain } from '@loyalty/platform/service-main.ts';
import { readGatewayConfig } from './config.ts';
import { startGateway } from './wiring.ts';

await serviceMain({ name: 'gateway', readConfig: readGatewayConfig, start: startGateway });
