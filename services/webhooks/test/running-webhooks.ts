// A webhooks service with a database and a message server of its own, clients that call it over real gRPC, endpoints that
// receive its deliveries over real HTTP, and a stand-in for the ledger's journal.

import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { createTestDatabase, createTestNats } from '@loyalty/local/test-environment.ts';
import { patience } from '@loyalty/local/test-patience.ts';
import { testServiceConfig, testTokens } from '@loyalty/local/test-service.ts';
import { createTokenVerifier } from '@loyalty/platform/auth/tokens.ts';
import { createLogger } from '@loyalty/platform/logging.ts';
import { connectNats } from '@loyalty/platform/messaging/connection.ts';
import { createPublisher } from '@loyalty/platform/messaging/publisher.ts';
import { createChannel, createClient } from '@loyalty/platform/rpc/client.ts';
import { type AnyHandler, unimplemented } from '@loyalty/platform/rpc/handler.ts';
import { createRpcServer } from '@loyalty/platform/rpc/server.ts';
import type { RunningService } from '@loyalty/platform/running-service.ts';
import { createRegistry } from '@loyalty/platform/telemetry/metrics.ts';
import { EntryRecordedSchema } from '@loyalty/proto/loyalty/events/v1/entry_recorded_pb.ts';
import type {
  ReadJournalRequest,
  ReadJournalResponseSchema,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { LedgerService } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import type { Webhook } from '@loyalty/proto/loyalty/webhooks/v1/webhook_pb.ts';
import { WebhookService } from '@loyalty/proto/loyalty/webhooks/v1/webhook_service_pb.ts';
import type { WebhooksConfig } from '../src/config.ts';
import type { Resolve } from '../src/sending/checked-lookup.ts';
import { startWebhooks } from '../src/wiring.ts';

const { config: tokenConfig, tokenOf } = testTokens();

export type Setting = Awaited<ReturnType<typeof startSetting>>;

/**
 * What a test file needs; `start` it before and `stop` it after its tests. Its clock moves on by what the test lets pass, in
 * addition to the time that passes.
 */
export async function startSetting(
  changes: Partial<WebhooksConfig> = {},
  { resolveName }: { resolveName?: Resolve } = {},
) {
  let passedMs = 0;
  const clock = () => Date.now() + passedMs;
  const logger = createLogger({ name: 'webhooks', level: process.env['TEST_LOG'] ?? 'silent' });
  const [database, nats, journal] = await Promise.all([
    createTestDatabase('webhooks'),
    createTestNats(),
    startJournal(),
  ]);
  const config: WebhooksConfig = {
    ...testServiceConfig({
      databaseUrl: database.url,
      natsUrl: nats.url,
      tokens: tokenConfig,
    }),
    ledger: { address: journal.address, tokenFile: undefined },
    allowsPrivateAddresses: true,
    endpointsMax: 100,
    timeoutMs: 2_000,
    deliveryDays: 30,
    ...changes,
  };
  const tokens = {
    admin: await tokenOf({ role: 'admin' }),
    scoped: await tokenOf({ role: 'admin', programs: ['wine-dine'] }),
    service: await tokenOf({ role: 'service' }),
    member: await tokenOf({ role: 'member' }),
  };
  const publishing = connectNats({ url: nats.url, name: 'test', logger });
  const publisher = createPublisher(publishing);
  const outside = { clock, ...(resolveName !== undefined && { resolveName }) };
  let running = await startWebhooks(config, logger, outside);
  let connected = connect(running);

  return {
    config,
    tokens,
    journal,
    databaseUrl: database.url,
    now: clock,
    letPass(ms: number) {
      passedMs += ms;
    },
    get client() {
      return connected.client;
    },
    get metricsUrl() {
      return `http://127.0.0.1:${running.managementPort}/metrics`;
    },
    async publish(event: TestEvent) {
      await publisher.publish({ ...event, messageId: `${event.headers['ce-id']}` });
    },
    /** In another message, as after an outage that was longer than the stream remembers messages. */
    async publishAgain(event: TestEvent) {
      await publisher.publish(event);
    },
    async stopService() {
      connected.close();
      await running.stop();
    },
    async startService() {
      running = await startWebhooks(config, logger, outside);
      connected = connect(running);
    },
    async stop() {
      connected.close();
      await running.stop();
      await publishing.close();
      await journal.stop();
      await Promise.all([database.drop(), nats.stop()]);
    },
  };
}

function connect({ grpcPort }: RunningService) {
  const channel = createChannel({
    address: `127.0.0.1:${grpcPort}`,
    services: [WebhookService],
    defaultTimeoutMs: patience(10_000),
  });
  return { client: createClient(WebhookService, channel), close: () => channel.close() };
}

type JournalPage = MessageInitShape<typeof ReadJournalResponseSchema>;

/** Stands in for the ledger. */
async function startJournal() {
  let read = (_request: ReadJournalRequest): Promise<JournalPage> => Promise.resolve({});
  const server = createRpcServer({
    name: 'journal',
    logger: createLogger({ name: 'journal', level: 'silent' }),
    tls: undefined,
    verifier: createTokenVerifier(tokenConfig),
    services: [
      {
        service: LedgerService,
        handlers: Object.fromEntries(
          LedgerService.methods.map(({ localName }): [string, AnyHandler] => [
            localName,
            localName === 'readJournal'
              ? (request) => read(request as ReadJournalRequest)
              : unimplemented,
          ]),
        ),
      },
    ],
    grpc: { host: '127.0.0.1', port: 0 },
    http: { host: '127.0.0.1', port: 0 },
    management: { host: '127.0.0.1', port: 0 },
    readiness: () => Promise.resolve(),
    defaultDeadlineMs: 10_000,
    metrics: createRegistry({ service: 'journal' }),
  });
  const { grpcPort } = await server.start();
  return {
    address: `127.0.0.1:${grpcPort}`,
    /** Has it respond in another way. */
    respond(next: typeof read) {
      read = next;
    },
    stop: () => server.stop(1_000),
  };
}

export interface TestEvent {
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly data: Uint8Array;
}

/** An event of a new member's journal, unless one is named. */
export function earned(
  programId: string,
  { membershipId = randomUUID(), sequence = 1 } = {},
): TestEvent & { readonly id: string } {
  const id = `${membershipId}-${sequence}`;
  return {
    id,
    subject: `loyalty.events.v1.${programId}.points.earned`,
    headers: {
      'ce-specversion': '1.0',
      'ce-id': id,
      'ce-source': '/ledger',
      'ce-type': 'loyalty.points.earned',
      'ce-time': new Date().toISOString(),
      'ce-subject': membershipId,
      'ce-requestid': 'r-1',
      'ce-actor': 'service:checkout',
      'content-type': 'application/protobuf',
    },
    data: toBinary(
      EntryRecordedSchema,
      create(EntryRecordedSchema, {
        programId,
        userId: 'alice',
        membershipId,
        entry: { sequence: BigInt(sequence), points: 10n },
      }),
    ),
  };
}

export function newProgramId(): string {
  return `p-${randomUUID().slice(0, 18)}`;
}

export interface Received {
  readonly path: string;
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Endpoints at one port: each path is one. They respond with 204 unless told otherwise. */
export async function startEndpoints() {
  const received: Received[] = [];
  let respond = (_received: Received, response: ServerResponse): void => {
    response.writeHead(204).end();
  };
  const server = createServer((request, response) => {
    void read(request).then((one) => {
      received.push(one);
      respond(one, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    received,
    urlOf: (path: string) => `http://127.0.0.1:${port}${path}`,
    at: (path: string) => received.filter((one) => one.path === path),
    respond(next: typeof respond) {
      respond = next;
    },
    respondWith(status: number) {
      respond = (_received, response) => response.writeHead(status).end();
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export type Endpoints = Awaited<ReturnType<typeof startEndpoints>>;

async function read(request: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const headers = request.headers as Record<string, string>;
  return {
    path: request.url ?? '',
    id: headers['webhook-id'] ?? '',
    headers,
    body: Buffer.concat(chunks).toString(),
  };
}

/** A new webhook, in a program of its own unless one is named. */
export async function createWebhook(
  { client, tokens }: Setting,
  { programId = newProgramId(), ...webhook }: Partial<Omit<Webhook, '$typeName' | '$unknown'>>,
) {
  const created = await client.createWebhook({ programId, webhook }, { token: tokens.admin });
  if (created.webhook === undefined) throw new Error('no webhook was returned');
  return created.webhook;
}
