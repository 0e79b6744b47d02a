import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a server that counts what clients send there. */
export interface CountingProxy {
  /** `host:port` */
  readonly address: string;
  /** Bytes sent to the server since the last start of counting. */
  readonly sentBytes: number;
  /** Starts counting from 0, and calls `reached` once when that many bytes have been sent. */
  count(bytes: number, reached: () => void): void;
  close(): Promise<void>;
}

/** @param target `host:port` of the server */
export async function startCountingProxy(target: string): Promise<CountingProxy> {
  const [host = '', port = ''] = target.split(':');
  const sockets = new Set<Socket>();
  let sentBytes = 0;
  let awaited: { bytes: number; reached: () => void } | undefined;
  const server = createServer((client) => {
    const upstream = connect({ host, port: Number(port) });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (chunk) => {
      sentBytes += chunk.length;
      if (awaited === undefined || sentBytes < awaited.bytes) return;
      const { reached } = awaited;
      awaited = undefined;
      reached();
    });
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    get sentBytes() {
      return sentBytes;
    },
    count(bytes, reached) {
      sentBytes = 0;
      awaited = { bytes, reached };
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
