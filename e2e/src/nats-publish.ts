import { once } from 'node:events';
import { connect } from 'node:net';

/** The text protocol of NATS, spoken by hand: what any client's plain publish of JSON comes to. */
export async function natsPublish(
  url: string,
  { subject, body }: { subject: string; body: Uint8Array | string },
): Promise<void> {
  const { hostname, port, username, password } = new URL(url);
  const login = { verbose: false, pedantic: false, headers: true, user: username, pass: password };
  const headers = 'NATS/1.0\r\nContent-Type: application/json\r\n\r\n';
  const total = headers.length + Buffer.byteLength(body);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.write(`CONNECT ${JSON.stringify(login)}\r\n`);
  socket.write(`HPUB ${subject} ${headers.length} ${total}\r\n${headers}`);
  socket.write(body);
  socket.write('\r\nPING\r\n');
  for (let received = ''; !received.includes('PONG\r\n'); ) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    received += chunk.toString();
    if (received.includes('-ERR')) throw new Error(received);
  }
  socket.destroy();
}
