import {
  type CalleeConfig,
  grpcTarget,
  tokenFileOf,
  tokenFileSetting,
} from '@loyalty/platform/callee-config.ts';
import { flag, integer, readConfig } from '@loyalty/platform/config.ts';
import {
  type ServiceConfig,
  serviceConfig,
  serviceSettings,
} from '@loyalty/platform/service-config.ts';
import { z } from 'zod';
import { timeoutSecondsMax } from './domain/delivery.ts';

export const webhooksPrefix = 'WEBHOOKS_';

/** Keyed by the names of environment variables behind {@link webhooksPrefix}. */
export const webhooksSettings = z.object({
  ...serviceSettings('webhooks', { grpcPort: 50_053, httpPort: 8083, managementPort: 9093 }),
  LEDGER_ADDRESS: grpcTarget().describe(
    "the Ledger service's gRPC address, such as ledger:50052, for replays",
  ),
  SERVICE_TOKEN_FILE: tokenFileSetting('the ledger'),
  ALLOW_PRIVATE_ADDRESSES: flag()
    .default(false)
    .describe(
      'for local use only: endpoints with http: URLs and private addresses, which could be anything that the service reaches',
    ),
  ENDPOINTS_AT_ONCE: integer({ min: 1, max: 10_000 })
    .default(100)
    .describe(
      'endpoints that are served at once; one that hangs takes one place until it times out',
    ),
  TIMEOUT_SECONDS: integer({ min: 1, max: timeoutSecondsMax })
    .default(15)
    .describe('how long an endpoint may take to respond'),
  DELIVERY_DAYS: integer({ min: 1, max: 3_650 })
    .default(30)
    .describe(
      'days; how long the log keeps a delivery, with its body, after it succeeded or failed',
    ),
});

export interface WebhooksConfig extends ServiceConfig {
  readonly ledger: CalleeConfig;
  /** Whether endpoints can have `http:` URLs and addresses that aren't public. */
  readonly allowsPrivateAddresses: boolean;
  /** How many endpoints are served at once. */
  readonly endpointsMax: number;
  readonly timeoutMs: number;
  /** How long deliveries are kept after they are finished. */
  readonly deliveryDays: number;
}

/**
 * Reads the environment, so that nothing else has to.
 *
 * @throws {ConfigError}
 */
export function readWebhooksConfig(env: NodeJS.ProcessEnv): WebhooksConfig {
  const values = readConfig({ env, prefix: webhooksPrefix, schema: webhooksSettings });
  return {
    ...serviceConfig(values, webhooksPrefix),
    ledger: { address: values.LEDGER_ADDRESS, tokenFile: tokenFileOf(values, webhooksPrefix) },
    allowsPrivateAddresses: values.ALLOW_PRIVATE_ADDRESSES,
    endpointsMax: values.ENDPOINTS_AT_ONCE,
    timeoutMs: values.TIMEOUT_SECONDS * 1_000,
    deliveryDays: values.DELIVERY_DAYS,
  };
}
