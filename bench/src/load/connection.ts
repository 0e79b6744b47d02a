import { connect, type Socket } from 'node:net';

/** A connection to what is under load, by whatever protocol. */
export interface Connection {
  /**
   * Sends one request. Resolves to what is wrong with its response, or to nothing.
   *
   * @throws {Error} when the connection is lost
   */
  call(request: Buffer): Promise<string | undefined>;
  close(): void;
}

/** A call that waits for its response. */
export interface Caller {
  resolve(failure: string | undefined): void;
  reject(error: Error): void;
}

/** @param address `host:port` */
export async function openSocket(address: string): Promise<Socket> {
  const separator = address.lastIndexOf(':');
  const socket = connect(Number(address.slice(separator + 1)), address.slice(0, separator));
  socket.setNoDelay(true);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  // 'close' rejects the calls in progress.
  return socket.on('error', () => undefined);
}

/** What one turn of the event loop leads to goes out in one write. */
export function batchedWriter(socket: Socket): (...bytes: Buffer[]) => void {
  const unsent: Buffer[] = [];
  return (...bytes) => {
    if (unsent.length === 0) {
      process.nextTick(() => socket.write(Buffer.concat(unsent.splice(0))));
    }
    unsent.push(...bytes);
  };
}
