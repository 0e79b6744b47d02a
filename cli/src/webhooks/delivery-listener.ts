import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An event as it arrived. */
export interface ReceivedEvent {
  readonly id: string;
  readonly body: string;
}

export interface DeliveryListener {
  readonly url: string;
  close(): Promise<void>;
}

/** Far more than any event has. */
const bytesMax = 4 * 1024 * 1024;

/**
 * Listens on this machine for deliveries that are signed with the secret, which is known only after the webhook was created
 * for this listener's URL. Anything else is refused: a local port is open to every web page.
 */
export async function listenForDeliveries({
  port,
  secret,
  onEvent,
}: {
  port: number;
  secret: Promise<string>;
  onEvent: (event: ReceivedEvent) => void;
}): Promise<DeliveryListener> {
  const receive = async (request: IncomingMessage): Promise<number> => {
    const { headers } = request;
    const body = await bodyOf(request);
    if (!isSigned({ headers, body, secret: await secret })) return 401;
    onEvent({ id: String(headers['webhook-id']), body: body.toString() });
    return 204;
  };
  const server = createServer((request, response) => {
    const status = receive(request).catch(() => 400);
    void status.then((code) => response.writeHead(code).end());
  });
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen(port, '127.0.0.1', resolve);
  await listening;
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new Error('too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** As Standard Webhooks has it. */
export function isSigned({
  headers,
  body,
  secret,
}: {
  headers: IncomingMessage['headers'];
  body: Uint8Array;
  secret: string;
}): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const expected = createHmac('sha256', key)
    .update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.`)
    .update(body)
    .digest();
  return String(headers['webhook-signature'])
    .split(' ')
    .map((signature) => Buffer.from(signature.replace(/^v1,/, ''), 'base64'))
    .some((given) => given.length === expected.length && timingSafeEqual(given, expected));
}
