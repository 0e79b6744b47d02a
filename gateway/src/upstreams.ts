import type { DescMethodUnary, DescService, Message } from '@bufbuild/protobuf';
import type { Caller } from '@loyalty/platform/auth/tokens.ts';
import {
  type CallOptions,
  type Channel,
  type ChannelCredentials,
  createChannel,
  createClient,
} from '@loyalty/platform/rpc/client.ts';

/** A service address and what is served there. */
export interface Upstream {
  /** A gRPC target, such as `ledger:50052`. */
  readonly address: string;
  readonly services: readonly DescService[];
}

/** Calls any method of the upstreams' services for a caller, with their token. Throws RemoteError. */
export type Call = (
  method: DescMethodUnary,
  request: Message,
  options: Omit<CallOptions, 'token'> & { readonly caller: Pick<Caller, 'subject' | 'token'> },
) => Promise<Message>;

export interface Upstreams {
  readonly call: Call;
  close(): void;
}

type UntypedClient = Readonly<
  Record<string, (request: Message, options: CallOptions) => Promise<Message>>
>;

/**
 * Connects on the first call of each. An HTTP/2 session carries as many calls, and bytes of bodies, as the service
 * allows; whatever a service doesn't take up stalls all that shares its session. So there are several sessions to each
 * service, and a caller always has the same one: what they stall is a part of the callers and not all.
 */
export function connectUpstreams(
  upstreams: readonly Upstream[],
  { sessions, credentials }: { sessions: number; credentials: ChannelCredentials },
): Upstreams {
  const channels: Channel[] = [];
  const clients = new Map<DescService, UntypedClient[]>();
  for (const { address, services } of upstreams) {
    for (let session = 0; session < sessions; session += 1) {
      const channel = createChannel({ address, services, credentials, ownConnections: true });
      channels.push(channel);
      for (const service of services) {
        const ofService = clients.get(service) ?? [];
        clients.set(service, [...ofService, createClient(service, channel)]);
      }
    }
  }
  return {
    call(method, request, { caller, ...options }) {
      const client = clients.get(method.parent)?.[sessionOf(caller.subject, sessions)];
      const rpc = client?.[method.localName];
      if (rpc === undefined) throw new Error(`${method.parent.typeName} has no address`);
      return withoutStack(() => rpc(request, { ...options, token: caller.token }));
    },
    close() {
      for (const channel of channels) channel.close();
    },
  };
}

/**
 * Begins a call without the stack that grpc-js notes for errors of each. It took a tenth of the gateway's time, and all calls
 * begin here.
 */
function withoutStack<Result>(begin: () => Result): Result {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return begin();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** The session of a caller, from 0: FNV-1a of their id. */
export function sessionOf(subject: string, sessions: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < subject.length; index += 1) {
    hash = Math.imul(hash ^ subject.charCodeAt(index), 0x01000193);
  }
  // The lowest bits of FNV depend on few of the text's.
  return ((hash ^ (hash >>> 16)) >>> 0) % sessions;
}
