import { batchedWriter, type Caller, type Connection, openSocket } from './connection.ts';

export interface NatsConnectionOptions {
  /** `host:port` */
  readonly address: string;
  /** Where events arrive, one for each message. */
  readonly eventSubject: string;
  /** What stands before the ten digits by which an event names its message. */
  readonly prefix: string;
}

const lineEnd = Buffer.from('\r\n');
const digits = 10;

/**
 * A NATS client reduced to what a load needs. A call sends a message, and its response is the event that the message
 * leads to, so that a closed loop of calls keeps a constant number of messages between the two.
 */
export async function openNatsConnection(options: NatsConnectionOptions): Promise<Connection> {
  const { eventSubject } = options;
  const prefix = Buffer.from(options.prefix);
  const socket = await openSocket(options.address);
  const send = batchedWriter(socket);
  const expected = new Map<string, Caller>();
  let closed: Error | undefined;

  const keyIn = (bytes: Buffer) => {
    const at = bytes.indexOf(prefix);
    if (at < 0) return undefined;
    const start = at + prefix.length;
    return bytes.toString('latin1', start, start + digits);
  };

  function takeEvent(payload: Buffer): void {
    const key = keyIn(payload);
    if (key === undefined) return;
    expected.get(key)?.resolve(undefined);
    expected.delete(key);
  }

  function fail(error: Error): void {
    closed ??= error;
    for (const { reject } of expected.values()) reject(closed);
    expected.clear();
  }

  const subscribed = Promise.withResolvers<void>();
  socket.on(
    'data',
    natsReader({
      event: takeEvent,
      line(line) {
        if (line === 'PING') send(Buffer.from('PONG\r\n'));
        else if (line === 'PONG') subscribed.resolve();
        else if (line.startsWith('-ERR')) fail(new Error(`nats-server says ${line}`));
      },
    }),
  );
  socket.on('close', () => fail(new Error('the connection was closed')));
  const greeting = { verbose: false, pedantic: false, headers: true, name: 'bench' };
  send(Buffer.from(`CONNECT ${JSON.stringify(greeting)}\r\nSUB ${eventSubject} 1\r\nPING\r\n`));
  await subscribed.promise;
  return {
    call: (request) =>
      new Promise((resolve, reject) => {
        const key = keyIn(request);
        if (closed !== undefined) return reject(closed);
        if (key === undefined) return reject(new Error('the message names no transaction'));
        expected.set(key, { resolve, reject });
        send(request);
      }),
    close: () => socket.end(),
  };
}

/** A message as it is on the wire. */
export function natsMessage(message: {
  subject: string;
  headers: Readonly<Record<string, string>>;
  data: Uint8Array;
}): Buffer {
  const { subject, headers, data } = message;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = Buffer.from(`NATS/1.0\r\n${lines.join('')}\r\n`);
  const command = `HPUB ${subject} ${head.length} ${head.length + data.length}\r\n`;
  return Buffer.concat([Buffer.from(command), head, data, lineEnd]);
}

/** Calls `event` with the payload of each message that is complete, headers included, and `line` with all else. */
function natsReader(take: {
  event: (payload: Buffer) => void;
  line: (line: string) => void;
}): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (;;) {
      const end = bytes.indexOf(lineEnd, start);
      if (end < 0) break;
      const line = bytes.toString('latin1', start, end);
      const payloadStart = end + lineEnd.length;
      if (!/^H?MSG /.test(line)) {
        take.line(line);
        start = payloadStart;
        continue;
      }
      const payloadEnd = payloadStart + Number(line.slice(line.lastIndexOf(' ') + 1));
      if (payloadEnd + lineEnd.length > bytes.length) break;
      take.event(bytes.subarray(payloadStart, payloadEnd));
      start = payloadEnd + lineEnd.length;
    }
    rest = bytes.subarray(start);
  };
}
