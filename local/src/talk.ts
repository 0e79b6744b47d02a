import { connect } from 'node:net';

/**
 * Writes to a port, and resolves to what comes back until the server closes the connection. Rejects if the connection is
 * reset. Once something comes back, the parts of `later` are written, one after the other.
 */
export function talk(url: string, text: string, later: readonly string[] = []): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: later.length > 0 });
    socket.on('connect', () => socket.write(text));
    const writeLater = ([part, ...rest]: readonly string[]) => {
      if (part === undefined) socket.end();
      else socket.write(part, (error) => (error ? undefined : writeLater(rest)));
    };
    let received = '';
    socket.on('data', (chunk) => {
      if (received === '' && later.length > 0) writeLater(later);
      received += String(chunk);
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(received));
  });
}
