import { type ClientHttp2Session, connect, constants, type IncomingHttpHeaders } from 'node:http2';

export interface GrpcConnection {
  /** Sends one unary call; `done` gets what is wrong with the answer, or nothing. */
  call(frame: Buffer, done: (failure: string | undefined) => void): void;
  close(): void;
}

export interface GrpcConnectionOptions {
  /** `host:port` */
  address: string;
  /** `/package.Service/Method` */
  path: string;
  token: string;
}

const prefixBytes = 5;

/** A gRPC client reduced to what a load needs: it looks at status and size, and decodes no answer. */
export async function openConnection(options: GrpcConnectionOptions): Promise<GrpcConnection> {
  const session = connect(`http://${options.address}`, {
    settings: { enablePush: false },
  });
  await new Promise((resolve, reject) => {
    session.once('connect', resolve);
    session.once('error', reject);
  });
  // Every open stream fails by itself, and tells.
  session.on('error', () => undefined);
  const headers = {
    ':method': 'POST',
    ':path': options.path,
    'content-type': 'application/grpc',
    te: 'trailers',
    'grpc-timeout': '10S',
    authorization: `Bearer ${options.token}`,
  };
  return {
    call: (frame, done) => call(session, { headers, frame, done }),
    close: () => session.close(),
  };
}

function call(
  session: ClientHttp2Session,
  {
    headers,
    frame,
    done,
  }: {
    headers: Record<string, string>;
    frame: Buffer;
    done: (failure: string | undefined) => void;
  },
): void {
  const stream = session.request(headers);
  let received = 0;
  let failure: string | undefined = 'no grpc-status came';
  const noteStatus = (fields: IncomingHttpHeaders) => {
    const status = fields['grpc-status'];
    if (status === undefined) return;
    const message = decodeURIComponent(String(fields['grpc-message'] ?? ''));
    failure = status === '0' ? undefined : `grpc-status ${String(status)} ${message}`;
  };
  stream.on('response', noteStatus);
  stream.on('trailers', noteStatus);
  stream.on('data', (chunk: Buffer) => {
    received += chunk.length;
  });
  stream.on('error', (error) => {
    failure = error.message;
  });
  stream.on('close', () => {
    if (stream.rstCode !== constants.NGHTTP2_NO_ERROR) done(`reset ${stream.rstCode}`);
    else done(failure ?? (received < prefixBytes ? 'no response came' : undefined));
  });
  stream.end(frame);
}
