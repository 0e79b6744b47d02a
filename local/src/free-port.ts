import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';

/** A port of 127.0.0.1 on which nothing listens now, for a server that is started at once. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  await close(probe);
  return port;
}

/** Whether a process could listen on the port of 127.0.0.1. */
export async function isFree(port: number): Promise<boolean> {
  const probe = await listenOn(port);
  if (probe === undefined) return false;
  await close(probe);
  return true;
}

/**
 * A port of 127.0.0.1 for a server that is started later. It is below those that the system gives to outgoing connections, or one
 * of these might take it first, and it is given to nobody else while this process runs, which listens on the next port until then.
 */
export async function unusedPort(): Promise<number> {
  for (;;) {
    const port = 2 * randomInt(10_000, 16_000);
    const claim = await listenOn(port + 1);
    if (claim === undefined) continue;
    if (await isFree(port)) {
      claim.unref();
      return port;
    }
    claim.close();
  }
}

/** Undefined when another process has the port. */
async function listenOn(port: number): Promise<Server | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

function close(server: Server): Promise<unknown> {
  return new Promise((resolve) => server.close(resolve));
}
