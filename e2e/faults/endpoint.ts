// An endpoint of a webhook as a careful backend writes it: it stores each event once, by its id, and takes the balances of the
// newest entry.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from './random.ts';

/** All four balances of a membership. */
export interface Balances {
  readonly available: number;
  readonly pending: number;
  readonly reserved: number;
  readonly deficit: number;
}

export interface Endpoint {
  readonly url: string;
  /** How many requests have arrived. */
  readonly received: number;
  /** Whether a request has no response yet, so that a worker has the endpoint's lease. */
  readonly isBusy: boolean;
  /** How often an event arrived that was known already. */
  readonly repeats: number;
  /** How many entries of each membership it knows, and the balances after the newest. */
  known(): ReadonlyMap<string, { readonly entries: number; readonly balances: Balances }>;
  /** Stops listening and cuts off what is under way; what it has stored stays. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Forgets everything. */
  forget(): void;
}

/** The share of requests after which the response is lost, and of those that are refused without storing the event. */
const unluckiness = 0.05;
/** How long a response takes. */
const responseMsMax = 10;

interface StoredEvent {
  readonly sequence: number;
  readonly balances: Balances;
}

interface EntryEvent {
  readonly id: string;
  readonly source: string;
  readonly data: {
    readonly membershipId: string;
    readonly entry: { readonly sequence: number };
    readonly pointsAfter: Balances;
  };
}

export async function startEndpoint(random: Random): Promise<Endpoint> {
  const stored = new Map<string, Map<string, StoredEvent>>();
  let received = 0;
  let repeats = 0;
  let underWay = 0;
  let server: Server;
  let port = 0;

  /** @returns the status of the response */
  function receive(id: string, body: string): number {
    received += 1;
    if (random.integer(1, 100) <= unluckiness * 100) return 500;
    const { source, data } = JSON.parse(body) as EntryEvent;
    if (source !== '/ledger') return 204;
    const { membershipId, entry, pointsAfter: balances } = data;
    const ofMember = stored.get(membershipId) ?? new Map<string, StoredEvent>();
    stored.set(membershipId, ofMember);
    if (ofMember.has(id)) repeats += 1;
    else ofMember.set(id, { sequence: entry.sequence, balances });
    return 204;
  }

  const endpoint = {
    get url() {
      return `http://127.0.0.1:${port}/`;
    },
    get received() {
      return received;
    },
    get isBusy() {
      return underWay > 0;
    },
    get repeats() {
      return repeats;
    },
    known: () =>
      new Map(
        [...stored].map(([membershipId, events]) => {
          const newest = [...events.values()].reduce((a, b) => (a.sequence > b.sequence ? a : b));
          return [membershipId, { entries: events.size, balances: newest.balances }];
        }),
      ),
    forget: () => stored.clear(),
    async start() {
      server = createServer((request, response) => {
        underWay += 1;
        const handled = readText(request).then(async (body) => {
          const status = receive(String(request.headers['webhook-id']), body);
          await delay(random.integer(0, responseMsMax));
          if (random.integer(1, 100) <= unluckiness * 100) request.socket.destroy();
          else response.writeHead(status).end();
        });
        // A request that is cut off has no response.
        handled
          .catch(() => undefined)
          .finally(() => {
            underWay -= 1;
          });
      });
      await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
      ({ port } = server.address() as AddressInfo);
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  await endpoint.start();
  return endpoint;
}
