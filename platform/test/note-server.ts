import { Writable } from 'node:stream';
import type { DescService } from '@bufbuild/protobuf';
import { Registry } from 'prom-client';
import { mintToken } from '../src/auth/mint.ts';
import { createTokenVerifier, type Role } from '../src/auth/tokens.ts';
import { createLogger } from '../src/logging.ts';
import type { CallContext } from '../src/rpc/call-context.ts';
import { type Channel, type ChannelOptions, createChannel } from '../src/rpc/client.ts';
import type { AnyHandler } from '../src/rpc/handler.ts';
import { createRpcServer, type RpcServerOptions } from '../src/rpc/server.ts';
import { type Note, noteService } from './note-service.ts';

type NoteHandler = (note: Note, context: CallContext) => Promise<Partial<Note>>;

export interface NoteServer {
  service: DescService;
  grpcAddress: string;
  httpUrl: string;
  managementUrl: string;
  /** The lines logged so far, parsed. */
  lines: Record<string, unknown>[];
  metrics: Registry;
  channel(options?: Partial<ChannelOptions>): Channel;
  /** Closes the clients' channels too, unless told to keep them. */
  stop(graceMs?: number, options?: { keepChannels: boolean }): Promise<void>;
}

const issuer = 'https://issuer.test';
const audience = 'notes';
const secret = 'a secret that is long enough for HS256';

export const testTokens = createTokenVerifier({ issuer, audience, secret });

export function tokenFor(subject: string, roles: Role[], programs?: string[]): Promise<string> {
  return mintToken({
    secret,
    issuer,
    audience,
    subject,
    roles,
    lifetimeSeconds: 600,
    ...(programs !== undefined && { programs }),
  });
}

const echo: NoteHandler = (note) => Promise.resolve(note);

/** A server on free ports whose methods answer with the request, unless `handlers` says otherwise. */
export async function startNoteServer(
  handlers: Record<string, NoteHandler> = {},
  options: Partial<RpcServerOptions> = {},
): Promise<NoteServer> {
  const service = noteService();
  const lines: Record<string, unknown>[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)) as Record<string, unknown>);
      done();
    },
  });
  const metrics = new Registry();
  const server = createRpcServer({
    name: 'notes',
    logger: createLogger({ name: 'notes', level: 'debug', destination }),
    verifier: testTokens,
    services: [
      {
        service,
        handlers: Object.fromEntries(
          service.methods.map(({ localName }) => [
            localName,
            (handlers[localName] ?? echo) as unknown as AnyHandler,
          ]),
        ),
      },
    ],
    grpc: { host: '127.0.0.1', port: 0 },
    http: { host: '127.0.0.1', port: 0 },
    management: { host: '127.0.0.1', port: 0 },
    readiness: () => Promise.resolve(),
    defaultDeadlineMs: 5000,
    metrics,
    ...options,
  });
  const { grpcPort, httpPort, managementPort } = await server.start();
  const grpcAddress = `127.0.0.1:${grpcPort}`;
  const channels: Channel[] = [];
  return {
    service,
    grpcAddress,
    httpUrl: `http://127.0.0.1:${httpPort}`,
    managementUrl: `http://127.0.0.1:${managementPort}`,
    lines,
    metrics,
    channel(channelOptions) {
      const channel = createChannel({
        address: grpcAddress,
        services: [service],
        ...channelOptions,
      });
      channels.push(channel);
      return channel;
    },
    async stop(graceMs = 0, { keepChannels } = { keepChannels: false }) {
      if (!keepChannels) for (const channel of channels) channel.close();
      await server.stop(graceMs);
    },
  };
}
