import { batchedWriter, type Caller, type Connection, openSocket } from './connection.ts';

const headEnd = Buffer.from('\r\n\r\n');

/**
 * An HTTP/1.1 client reduced to what a load needs: one request at a time, and of its response only the status and the
 * length. It reads no chunked bodies.
 *
 * @param address `host:port`
 */
export async function openHttpConnection(address: string): Promise<Connection> {
  const socket = await openSocket(address);
  const send = batchedWriter(socket);
  let caller: Caller | undefined;
  let received: Buffer = Buffer.alloc(0);
  let closed: Error | undefined;

  function finish(failure: string | undefined): void {
    received = Buffer.alloc(0);
    const { resolve } = caller ?? {};
    caller = undefined;
    resolve?.(failure);
  }

  socket.on('data', (chunk) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    const end = received.indexOf(headEnd);
    if (end < 0) return;
    const head = received.toString('latin1', 0, end);
    const [, length] = /^content-length: *(\d+)/im.exec(head) ?? [];
    if (length === undefined) finish('no content-length arrived');
    else if (received.length >= end + headEnd.length + Number(length)) finish(failureOf(head));
  });
  socket.on('close', () => {
    closed = new Error('the connection was closed');
    caller?.reject(closed);
  });
  return {
    call: (request) =>
      new Promise((resolve, reject) => {
        if (closed !== undefined) return reject(closed);
        if (caller !== undefined) return reject(new Error('the connection is busy'));
        caller = { resolve, reject };
        send(request);
      }),
    close: () => socket.end(),
  };
}

function failureOf(head: string): string | undefined {
  const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(head) ?? [];
  return status === '200' ? undefined : `status ${status ?? 'missing'}`;
}
