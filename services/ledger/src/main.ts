import { serviceMain } from '@loyalty/platform/service-main.ts';
import { readLedgerConfig } from './config.ts';
import { startLedger } from './wiring.ts';

await serviceMain({ name: 'ledger', readConfig: readLedgerConfig, start: startLedger });
