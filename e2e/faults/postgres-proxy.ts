// A way to PostgreSQL that reads the protocol, so that a fault can strike at an exact statement without code for it in
// the services: https://www.postgresql.org/docs/current/protocol-message-formats.html
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** An instant in a transaction, before what it names is passed on. */
export interface Moment {
  /**
   * `statement`: the client sends a prepared statement. `changed`: the server has carried out an UPDATE or INSERT, and its
   * response is on the way back. `commit`: the client sends COMMIT. `committed`: the server has committed, and its response is on
   * the way back.
   */
  readonly at: 'statement' | 'changed' | 'commit' | 'committed';
  /** Name of the statement that was sent last. */
  readonly statement: string;
  /** Names of the statements of this transaction so far. */
  readonly statements: ReadonlySet<string>;
  /** How many rows the last UPDATE or INSERT touched. */
  readonly rows: number;
}

/** `hold` passes nothing on from then, in that direction; `cut` closes the connection on both sides. */
export type Verdict = 'pass' | 'hold' | 'cut';

export interface PostgresProxy {
  readonly port: number;
  /**
   * Sets a trap that springs once: at the first moment for which `strike` doesn't return `pass`.
   *
   * @throws {Error} if no such moment comes within a minute
   */
  trap(strike: (moment: Moment) => Verdict): Promise<void>;
  close(): Promise<void>;
}

const trapMs = 60_000;

export async function startPostgresProxy(serverPort: number): Promise<PostgresProxy> {
  const sockets = new Set<Socket>();
  let trap: ((moment: Moment) => Verdict) | undefined;
  const server = createServer((client) => {
    const upstream = connect({ host: '127.0.0.1', port: serverPort });
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    relay({ client, upstream, judge: (moment) => trap?.(moment) ?? 'pass' });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    trap: (strike) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          trap = undefined;
          reject(new Error(`no moment to strike came within ${trapMs / 1000} s`));
        }, trapMs);
        trap = (moment) => {
          const verdict = strike(moment);
          if (verdict !== 'pass') {
            trap = undefined;
            clearTimeout(timer);
            resolve();
          }
          return verdict;
        };
      }),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function relay(connection: {
  client: Socket;
  upstream: Socket;
  judge: (moment: Moment) => Verdict;
}): void {
  const { client, upstream, judge } = connection;
  let statements = new Set<string>();
  let statement = '';
  let rows = 0;
  const judgeAt = (at: Moment['at']) => judge({ at, statement, statements, rows });

  forward(client, upstream, {
    // The first message of a client has no type.
    typed: false,
    judge({ type, body }) {
      const sent = sentStatement(type, body);
      if (sent === 'BEGIN') statements = new Set();
      if (sent === 'COMMIT') return judgeAt('commit');
      const name = type === 'B' ? textsOf(body)[1] : undefined;
      if (!name) return 'pass';
      statement = name;
      statements.add(name);
      return judgeAt('statement');
    },
  });
  forward(upstream, client, {
    typed: true,
    judge({ type, body }) {
      if (type !== 'C') return 'pass';
      const [tag = ''] = textsOf(body);
      if (tag === 'COMMIT') return judgeAt('committed');
      if (!/^(UPDATE|INSERT)/.test(tag)) return 'pass';
      rows = Number(tag.split(' ').at(-1));
      return judgeAt('changed');
    },
  });
}

interface Message {
  /** Empty for the first of a client. */
  type: string;
  body: Buffer;
}

/** Passes on whole messages as long as the verdict is `pass`. */
function forward(
  from: Socket,
  to: Socket,
  { typed, judge }: { typed: boolean; judge: (message: Message) => Verdict },
): void {
  let rest: Buffer = Buffer.alloc(0);
  let typeBytes = typed ? 1 : 0;
  let isHeld = false;
  from.on('data', (chunk) => {
    if (isHeld) return;
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let done = 0;
    for (;;) {
      const header = done + typeBytes + 4;
      if (bytes.length < header) break;
      const end = done + typeBytes + bytes.readUInt32BE(done + typeBytes);
      if (bytes.length < end) break;
      const type = bytes.toString('latin1', done, done + typeBytes);
      const verdict = judge({ type, body: bytes.subarray(header, end) });
      if (verdict !== 'pass') {
        isHeld = true;
        if (done > 0) to.write(bytes.subarray(0, done));
        if (verdict === 'cut') {
          from.destroy();
          to.destroy();
        }
        return;
      }
      typeBytes = 1;
      done = end;
    }
    if (done > 0) to.write(bytes.subarray(0, done));
    rest = bytes.subarray(done);
  });
}

/** The text of a simple query, or of a statement that is being prepared without a name. */
function sentStatement(type: string, body: Buffer): string | undefined {
  if (type === 'Q') return textsOf(body)[0];
  if (type !== 'P') return undefined;
  const [name, text] = textsOf(body);
  return name === '' ? text : undefined;
}

function textsOf(body: Buffer): string[] {
  return body.subarray(0, 200).toString('latin1').split('\0');
}
