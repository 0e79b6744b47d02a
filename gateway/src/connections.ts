import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

interface Connection {
  readonly socket: Socket;
  requestsInFlight: number;
  /** Whether it has ever had a request. */
  isUsed: boolean;
}

export interface Connections {
  /** Ends those that have never had a request. Node takes them for busy and waits for them when the server closes. */
  closeUnused(): void;
}

/** The connections of one address. */
interface Neighbors {
  /** By their ports, the one that has waited longest for a request first. */
  readonly byPort: Map<number, Connection>;
  /** How many have no request. */
  idle: number;
}

/**
 * Bounds the open connections. When one more comes, the address that has the most idle ones gives up the one that has waited
 * longest, so that no address can shut the others out. Only if all others have requests, the new connection is closed.
 */
export function makeRoomForConnections(
  server: Pick<Server, 'on'>,
  connectionsMax: number,
): Connections {
  const addresses = new Map<string, Neighbors>();
  let open = 0;

  function longestIdle(): Socket | undefined {
    let most: Neighbors | undefined;
    for (const neighbors of addresses.values()) {
      if (neighbors.idle > (most?.idle ?? 0)) most = neighbors;
    }
    for (const { socket, requestsInFlight } of most?.byPort.values() ?? []) {
      if (requestsInFlight === 0) return socket;
    }
    return undefined;
  }

  server.on('connection', (socket: Socket) => {
    const { remoteAddress: address, remotePort: port } = socket;
    // Its client has closed it.
    if (address === undefined || port === undefined) return;
    const neighbors: Neighbors = addresses.get(address) ?? { byPort: new Map(), idle: 0 };
    addresses.set(address, neighbors);
    const connection: Connection = { socket, requestsInFlight: 0, isUsed: false };
    neighbors.byPort.set(port, connection);
    neighbors.idle += 1;
    open += 1;
    socket.once('close', () => {
      open -= 1;
      if (connection.requestsInFlight === 0) neighbors.idle -= 1;
      neighbors.byPort.delete(port);
      if (neighbors.byPort.size === 0) addresses.delete(address);
    });
    // The new one is idle, too.
    if (open > connectionsMax) longestIdle()?.destroy();
  });

  // With TLS, the socket of a request is another than that of its connection; its ends are the same.
  function countRequest({ socket }: IncomingMessage, response: ServerResponse): void {
    const { remoteAddress: address = '', remotePort: port = 0 } = socket;
    const neighbors = addresses.get(address);
    const connection = neighbors?.byPort.get(port);
    if (neighbors === undefined || connection === undefined) return;
    if (connection.requestsInFlight === 0) neighbors.idle -= 1;
    connection.requestsInFlight += 1;
    connection.isUsed = true;
    response.once('close', () => {
      connection.requestsInFlight -= 1;
      if (neighbors.byPort.get(port) !== connection) return;
      if (connection.requestsInFlight === 0) neighbors.idle += 1;
      neighbors.byPort.delete(port);
      neighbors.byPort.set(port, connection);
    });
  }
  for (const event of ['request', 'checkContinue', 'checkExpectation']) {
    server.on(event, countRequest);
  }
  return {
    closeUnused() {
      const all = [...addresses.values()].flatMap(({ byPort }) => [...byPort.values()]);
      for (const { socket, isUsed } of all) if (!isUsed) socket.destroy();
    },
  };
}
