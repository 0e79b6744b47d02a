import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

interface Connection {
  readonly socket: Socket;
  requestsInFlight: number;
}

/** The connections of one address by their ports, the one that has waited longest for a request first. */
type Neighbors = Map<number, Connection>;

/**
 * Bounds the open connections. When one more comes, the address that has the most gives up one of them, so that no address
 * can shut the others out: the one without a request that has waited longest. Only if all of them have requests, the new
 * connection is closed.
 */
export function limitConnections(server: Pick<Server, 'on'>, connectionsMax: number): void {
  const addresses = new Map<string, Neighbors>();
  let open = 0;

  function mostNeighbors(): Neighbors | undefined {
    let most: Neighbors | undefined;
    for (const neighbors of addresses.values()) {
      if (neighbors.size > (most?.size ?? 0)) most = neighbors;
    }
    return most;
  }

  server.on('connection', (socket: Socket) => {
    const { remoteAddress: address, remotePort: port } = socket;
    // Its client has closed it.
    if (address === undefined || port === undefined) return;
    const neighbors: Neighbors = addresses.get(address) ?? new Map();
    addresses.set(address, neighbors);
    neighbors.set(port, { socket, requestsInFlight: 0 });
    open += 1;
    socket.once('close', () => {
      open -= 1;
      neighbors.delete(port);
      if (neighbors.size === 0) addresses.delete(address);
    });
    if (open > connectionsMax) (longestIdle(mostNeighbors()) ?? socket).destroy();
  });

  // With TLS, the socket of a request is another than that of its connection; its ends are the same.
  function countRequest({ socket }: IncomingMessage, response: ServerResponse): void {
    const { remoteAddress: address = '', remotePort: port = 0 } = socket;
    const neighbors = addresses.get(address);
    const connection = neighbors?.get(port);
    if (neighbors === undefined || connection === undefined) return;
    connection.requestsInFlight += 1;
    response.once('close', () => {
      connection.requestsInFlight -= 1;
      if (neighbors.get(port) !== connection) return;
      neighbors.delete(port);
      neighbors.set(port, connection);
    });
  }
  for (const event of ['request', 'checkContinue', 'checkExpectation']) {
    server.on(event, countRequest);
  }
}

function longestIdle(neighbors: Neighbors | undefined): Socket | undefined {
  for (const { socket, requestsInFlight } of neighbors?.values() ?? []) {
    if (requestsInFlight === 0) return socket;
  }
  return undefined;
}
