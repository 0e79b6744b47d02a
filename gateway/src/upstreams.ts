import type { DescMethodUnary, DescService, Message } from '@bufbuild/protobuf';
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

/** Calls any method of the upstreams' services. Throws RemoteError. */
export type Call = (
  method: DescMethodUnary,
  request: Message,
  options: CallOptions,
) => Promise<Message>;

export interface Upstreams {
  readonly call: Call;
  close(): void;
}

type UntypedClient = Readonly<
  Record<string, (request: Message, options: CallOptions) => Promise<Message>>
>;

/** Connects on the first call of each. */
export function connectUpstreams(
  upstreams: readonly Upstream[],
  credentials: ChannelCredentials,
): Upstreams {
  const channels: Channel[] = [];
  const clients = new Map<DescService, UntypedClient>();
  for (const { address, services } of upstreams) {
    const channel = createChannel({ address, services, credentials });
    channels.push(channel);
    for (const service of services) {
      clients.set(service, createClient(service, channel));
    }
  }
  return {
    call(method, request, options) {
      const rpc = clients.get(method.parent)?.[method.localName];
      if (rpc === undefined) throw new Error(`${method.parent.typeName} has no address`);
      return rpc(request, options);
    },
    close() {
      for (const channel of channels) channel.close();
    },
  };
}
