import { connect, constants, type IncomingHttpHeaders } from 'node:http2';

export interface RawAnswer {
  /** `grpc-status`, wherever it came; undefined if the stream was reset. */
  status: number | undefined;
  headers: IncomingHttpHeaders;
  trailers: IncomingHttpHeaders;
}

export interface RawRequest {
  path: string;
  headers?: Record<string, string>;
  body: Buffer;
  /** Ends the connection after the body instead of ending the request. */
  hangUp?: boolean;
  /** Sends the body and leaves the request open. */
  neverEnds?: boolean;
}

/** One gRPC message as it stands on the wire. */
export function grpcFrame(message: Uint8Array, compressed = false): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(compressed ? 1 : 0, 0);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** Sends bytes that no well-behaved client would send. */
export function callRaw(origin: string, request: RawRequest): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const session = connect(origin);
    const answer: RawAnswer = { status: undefined, headers: {}, trailers: {} };
    const note = (headers: IncomingHttpHeaders) => {
      const status = headers['grpc-status'];
      if (status !== undefined) answer.status = Number(status);
    };
    session.on('error', () => session.destroy());
    const stream = session.request({
      ':method': 'POST',
      ':path': request.path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...request.headers,
    });
    stream.on('response', (headers) => {
      answer.headers = headers;
      note(headers);
    });
    stream.on('trailers', (trailers) => {
      answer.trailers = trailers;
      note(trailers);
    });
    stream.on('error', () => stream.destroy());
    stream.on('close', () => {
      session.close();
      resolve(answer);
    });
    stream.resume();
    if (request.hangUp === true) {
      stream.write(request.body, () => stream.close(constants.NGHTTP2_CANCEL));
    } else if (request.neverEnds === true) {
      stream.write(request.body);
    } else {
      stream.end(request.body);
    }
  });
}
