import { mintToken } from '@loyalty/platform/auth/mint.ts';
import { createTokenVerifier, type Role } from '@loyalty/platform/auth/tokens.ts';
import { createLogger } from '@loyalty/platform/logging.ts';
import type { AnyHandler, Mountable } from '@loyalty/platform/rpc/handler.ts';
import { unimplemented } from '@loyalty/platform/rpc/handler.ts';
import { createRpcServer } from '@loyalty/platform/rpc/server.ts';
import { createRegistry } from '@loyalty/platform/telemetry/metrics.ts';
import type { CertificateSource } from '@loyalty/platform/tls/certificates.ts';
import { LedgerService } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { MembershipService } from '@loyalty/proto/loyalty/ledger/v1/membership_service_pb.ts';
import { RedemptionService } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import { ProgramService } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import { type GatewayConfig, readGatewayConfig } from '../src/config.ts';
import { startGateway } from '../src/wiring.ts';

const issuer = 'https://issuer.test';
const audience = 'loyalty';
const secret = 'a secret that only these tests share';

const served = [ProgramService, LedgerService, MembershipService, RedemptionService];

export const logger = createLogger({ name: 'gateway-test', level: 'silent' });

export interface TestService {
  readonly address: string;
  stop(): Promise<void>;
}

/** Real gRPC on loopback for both upstreams; methods without a handler return UNIMPLEMENTED. Handlers are by the method's name in the generated code. */
export async function startService(
  handlers: Record<string, unknown>,
  tls?: CertificateSource,
): Promise<TestService> {
  const server = createRpcServer({
    name: 'test-service',
    logger,
    tls,
    verifier: createTokenVerifier({ issuer, audience, secret }),
    services: served.map(
      (service): Mountable => ({
        service,
        handlers: Object.fromEntries(
          service.methods.map(({ localName }): [string, AnyHandler] => [
            localName,
            (handlers[localName] as AnyHandler | undefined) ?? unimplemented,
          ]),
        ),
      }),
    ),
    grpc: { host: '127.0.0.1', port: 0 },
    http: { host: '127.0.0.1', port: 0 },
    management: { host: '127.0.0.1', port: 0 },
    readiness: () => Promise.resolve(),
    defaultDeadlineMs: 60_000,
    metrics: createRegistry({ service: 'test-service' }),
  });
  const { grpcPort } = await server.start();
  return { address: `127.0.0.1:${grpcPort}`, stop: () => server.stop(1000) };
}

export interface TestGateway {
  readonly port: number;
  readonly url: string;
  readonly managementUrl: string;
  stop(): Promise<void>;
}

export async function startTestGateway(
  serviceAddress: string,
  overrides: Partial<GatewayConfig> = {},
  log = logger,
): Promise<TestGateway> {
  const config = readGatewayConfig({
    GATEWAY_HOST: '127.0.0.1',
    GATEWAY_PORT: '0',
    GATEWAY_MANAGEMENT_PORT: '0',
    GATEWAY_PROGRAMS_ADDRESS: serviceAddress,
    GATEWAY_LEDGER_ADDRESS: serviceAddress,
    GATEWAY_JWT_ISSUER: issuer,
    GATEWAY_JWT_AUDIENCE: audience,
    GATEWAY_JWT_SECRET: secret,
  });
  const { port, managementPort, stop } = await startGateway({ ...config, ...overrides }, log);
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    managementUrl: `http://127.0.0.1:${managementPort}`,
    stop,
  };
}

export function tokenFor(
  role: Role,
  subject: string,
  programs?: readonly string[],
): Promise<string> {
  return mintToken({
    ...{ secret, issuer, audience, subject, roles: [role], lifetimeSeconds: 600 },
    ...(programs !== undefined && { programs }),
  });
}

export interface Sent {
  token?: string;
  headers?: Record<string, string>;
  /** Sent as it is if it is a text, as JSON otherwise. */
  body?: unknown;
}

export interface Received {
  readonly status: number;
  readonly headers: Headers;
  /** Undefined if the response has no body. */
  readonly json: unknown;
}

export async function send(url: string, method: string, sent: Sent = {}): Promise<Received> {
  const headers = new Headers(sent.headers);
  if (sent.token !== undefined) headers.set('authorization', `Bearer ${sent.token}`);
  const init: RequestInit = { method, headers };
  if (sent.body !== undefined) {
    if (!headers.has('content-type')) headers.set('content-type', 'application/json');
    init.body = typeof sent.body === 'string' ? sent.body : JSON.stringify(sent.body);
  }
  const response = await fetch(url, init);
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    json: text === '' ? undefined : JSON.parse(text),
  };
}
