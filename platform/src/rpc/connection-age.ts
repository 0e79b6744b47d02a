import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';

/** Makes connections of HTTP end by their age, so that clients spread over new replicas and meet renewed certificates. */
export interface ConnectionAge {
  /**
   * Whether the response to the current request of an HTTP/1.1 connection is to be its last, which `Connection: close`
   * says. The age counts from the first request; a connection without requests ends because it is idle.
   */
  isOver(socket: Socket): boolean;
  /** Sends GOAWAY at the age, after which the calls that have begun have half a minute. */
  limit(session: ServerHttp2Session): void;
}

/** How much earlier or later a connection may end, so that those that began together don't end together. */
const jitter = 0.1;

const lastCallsMs = 30_000;

export function createConnectionAge(
  ageMsMax: number,
  now: () => number = () => performance.now(),
): ConnectionAge {
  const ends = new WeakMap<Socket, number>();
  const someAgeMs = () => ageMsMax * (1 - jitter + 2 * jitter * Math.random());
  return {
    isOver(socket) {
      const endMs = ends.get(socket);
      if (endMs !== undefined) return now() >= endMs;
      ends.set(socket, now() + someAgeMs());
      return false;
    },
    limit(session) {
      let timer = setTimeout(() => {
        session.close();
        timer = setTimeout(() => session.destroy(), lastCallsMs).unref();
      }, someAgeMs()).unref();
      session.once('close', () => clearTimeout(timer));
    },
  };
}
