import type { AddressInfo } from 'node:net';
import { createTokenVerifier } from '@loyalty/platform/auth/tokens.ts';
import type { Logger } from '@loyalty/platform/logging.ts';
import { createManagementPort } from '@loyalty/platform/management-port.ts';
import { createRegistry } from '@loyalty/platform/telemetry/metrics.ts';
import { openTls } from '@loyalty/platform/tls/tls.ts';
import { DeadLetterService } from '@loyalty/proto/loyalty/ledger/v1/dead_letter_service_pb.ts';
import { LedgerService } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { MembershipService } from '@loyalty/proto/loyalty/ledger/v1/membership_service_pb.ts';
import { RedemptionService } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import { ProgramService } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import { RewardService } from '@loyalty/proto/loyalty/programs/v1/reward_service_pb.ts';
import { RuleSetService } from '@loyalty/proto/loyalty/programs/v1/rule_set_service_pb.ts';
import { WebhookService } from '@loyalty/proto/loyalty/webhooks/v1/webhook_service_pb.ts';
import type { GatewayConfig } from './config.ts';
import { createHttpServer } from './http-server.ts';
import { httpMetrics } from './metrics.ts';
import { readReference } from './reference/reference.ts';
import { readRoutes } from './routes-from-descriptors.ts';
import { connectUpstreams, type Upstream } from './upstreams.ts';

export interface Gateway {
  readonly port: number;
  readonly managementPort: number;
  /** Reports that it isn't ready, finishes calls in progress, and closes what is left after the grace period. */
  stop(): Promise<void>;
}

/** The service of each address; the routes are those of all these services. */
export function upstreamsOf(
  config: Pick<GatewayConfig, 'programsAddress' | 'ledgerAddress' | 'webhooksAddress'>,
): Upstream[] {
  const { webhooksAddress } = config;
  return [
    {
      address: config.programsAddress,
      services: [ProgramService, RuleSetService, RewardService],
    },
    {
      address: config.ledgerAddress,
      services: [MembershipService, LedgerService, RedemptionService, DeadLetterService],
    },
    ...(webhooksAddress === undefined
      ? []
      : [{ address: webhooksAddress, services: [WebhookService] }]),
  ];
}

/**
 * Starts the gateway; it doesn't wait for the services behind it.
 *
 * @throws {ConfigError} when a certificate can't be used
 */
export async function startGateway(config: GatewayConfig, logger: Logger): Promise<Gateway> {
  const targets = upstreamsOf(config);
  const services = targets.flatMap((target) => target.services);
  const tls = await openTls(config.tls, { logger });
  const upstreams = connectUpstreams(targets, {
    sessions: config.sessionsPerService,
    credentials: tls.channelCredentials,
  });
  let open = true;
  const metrics = createRegistry({ service: 'gateway' });
  // It is ready without its upstreams: it responds in their place while they are unavailable.
  const management = createManagementPort({ isReady: () => open, metrics });
  const app = createHttpServer({
    routes: readRoutes(services),
    pages: readReference(services),
    call: upstreams.call,
    verifier: createTokenVerifier({ ...config.tokens, settingPrefix: 'GATEWAY_' }),
    logger,
    tls: tls.server,
    corsOrigins: config.corsOrigins,
    trustedProxies: config.trustedProxies,
    limits: config.limits,
    metrics: httpMetrics(metrics),
    isOpen: () => open,
  });
  await app.listen({ host: config.host, port: config.port });
  const { port } = app.server.address() as AddressInfo;
  let managementPort: number;
  try {
    managementPort = await management.listen(config.management);
  } catch (error) {
    await app.close();
    throw error;
  }
  return {
    port,
    managementPort,
    async stop() {
      open = false;
      const timer = setTimeout(() => app.server.closeAllConnections(), config.shutdownGraceMs);
      await app.close();
      clearTimeout(timer);
      upstreams.close();
      tls.close();
      await management.close();
    },
  };
}
