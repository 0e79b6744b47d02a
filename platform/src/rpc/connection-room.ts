import type { Socket } from 'node:net';

/** A connection as its requests know it. */
export interface OccupiedConnection {
  /** To be called when a request of it begins. */
  readonly begin: () => void;
  /** To be called when that has ended. */
  readonly end: () => void;
}

/** Both ends of a connection. With TLS, the socket of a request is another than that of its connection; its ends are the same. */
type Ends = Pick<Socket, 'remoteAddress' | 'remotePort'>;

/**
 * Bounds the open connections of a port. When one more comes, the address that has the most idle ones gives up the one that has
 * waited longest, so that no address can shut the others out. Only if all others have requests, the new connection is closed.
 */
export interface ConnectionRoom {
  /** Takes note of a new connection, until it closes. */
  readonly add: (socket: Socket) => void;
  /** Undefined once it has closed. */
  readonly of: (ends: Ends) => OccupiedConnection | undefined;
  /** Ends those that have never had a request. Node takes them for busy and waits for them when the server closes. */
  readonly closeUnused: () => void;
}

interface Connection extends OccupiedConnection {
  readonly socket: Socket;
  readonly isIdle: () => boolean;
  readonly isUsed: () => boolean;
}

/** The connections of one address. */
interface Neighbors {
  /** Keyed by their ports; the connection that has waited longest for a request is the first. */
  readonly byPort: Map<number, Connection>;
  /** How many have no request. */
  idle: number;
}

export function createConnectionRoom(connectionsMax: number): ConnectionRoom {
  const addresses = new Map<string, Neighbors>();
  let open = 0;

  function longestIdle(): Socket | undefined {
    let most: Neighbors | undefined;
    for (const neighbors of addresses.values()) {
      if (neighbors.idle > (most?.idle ?? 0)) most = neighbors;
    }
    for (const { socket, isIdle } of most?.byPort.values() ?? []) {
      if (isIdle()) return socket;
    }
    return undefined;
  }

  return {
    add(socket) {
      const { remoteAddress: address, remotePort: port } = socket;
      // Its client has closed it.
      if (address === undefined || port === undefined) return;
      const neighbors: Neighbors = addresses.get(address) ?? { byPort: new Map(), idle: 0 };
      addresses.set(address, neighbors);
      const connection = createConnection(socket, port, neighbors);
      neighbors.byPort.set(port, connection);
      neighbors.idle += 1;
      open += 1;
      socket.once('close', () => {
        open -= 1;
        if (connection.isIdle()) neighbors.idle -= 1;
        neighbors.byPort.delete(port);
        if (neighbors.byPort.size === 0) addresses.delete(address);
      });
      // The new one is idle, too.
      if (open > connectionsMax) longestIdle()?.destroy();
    },
    of: ({ remoteAddress: address = '', remotePort: port = 0 }) =>
      addresses.get(address)?.byPort.get(port),
    closeUnused() {
      const all = [...addresses.values()].flatMap(({ byPort }) => [...byPort.values()]);
      for (const { socket, isUsed } of all) if (!isUsed()) socket.destroy();
    },
  };
}

function createConnection(socket: Socket, port: number, neighbors: Neighbors): Connection {
  let requestsInFlight = 0;
  let isUsed = false;
  const connection: Connection = {
    socket,
    isIdle: () => requestsInFlight === 0,
    isUsed: () => isUsed,
    begin() {
      if (requestsInFlight === 0) neighbors.idle -= 1;
      requestsInFlight += 1;
      isUsed = true;
    },
    end() {
      requestsInFlight -= 1;
      if (requestsInFlight > 0 || neighbors.byPort.get(port) !== connection) return;
      neighbors.idle += 1;
      neighbors.byPort.delete(port);
      neighbors.byPort.set(port, connection);
    },
  };
  return connection;
}
