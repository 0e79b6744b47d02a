import { connect, type Socket } from 'node:net';
import {
  connectionPreface,
  encodeFrame,
  type Frame,
  flags,
  framePayloadMax,
  frameReader,
  frameTypes,
  grpcStatusIn,
  headerBlocks,
  initialWindow,
} from './http2-frames.ts';

export interface GrpcConnection {
  /**
   * Sends one unary call. `done` gets what is wrong with the answer, or nothing.
   *
   * @throws {Error} when the connection is closed
   */
  call(message: Buffer, done: Done): void;
  close(): void;
}

type Done = (failure: string | undefined) => void;

export interface GrpcConnectionOptions {
  /** `host:port` */
  address: string;
  /** `/package.Service/Method` */
  path: string;
  token: string;
}

/**
 * A gRPC client reduced to what a load needs: it looks at the status and the size of answers and decodes none. Through
 * node:http2 a call cost eight times as much, which is taken from the server that shares the machine.
 */
export async function openConnection(options: GrpcConnectionOptions): Promise<GrpcConnection> {
  const socket = await openSocket(options.address);
  const send = batchedWriter(socket);
  const answers = createAnswers();
  const blocks = headerBlocks([
    [':path', options.path],
    [':authority', options.address],
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
    ['grpc-timeout', '10S'],
    ['authorization', `Bearer ${options.token}`],
  ]);
  // Messages that wait until the server's window has room for them.
  const waiting: { message: Buffer; done: Done }[] = [];
  let window = initialWindow;
  let nextStreamId = 1;
  let closed: string | undefined;

  function start(message: Buffer, done: Done): void {
    if (closed !== undefined) throw new Error(closed);
    if (message.length > initialWindow) throw new Error('The message is too large for this client');
    const streamId = nextStreamId;
    nextStreamId += 2;
    window -= message.length;
    answers.expect(streamId, done);
    const payload = streamId === 1 ? blocks.first : blocks.later;
    send(
      encodeFrame({ type: frameTypes.headers, flags: flags.endHeaders, streamId, payload }),
      ...dataFrames(streamId, message),
    );
  }

  function take(frame: Frame): void {
    const { type, streamId, payload } = frame;
    if (type === frameTypes.settings || type === frameTypes.ping) {
      if (!(frame.flags & flags.ack)) send(acknowledgementOf(frame));
    } else if (type === frameTypes.windowUpdate) {
      if (streamId === 0) window += payload.readUInt32BE(0);
      for (let next = waiting[0]; next && next.message.length <= window; next = waiting[0]) {
        waiting.shift();
        start(next.message, next.done);
      }
    } else if (type === frameTypes.goAway) {
      closed = `The server closes the connection with code ${payload.readUInt32BE(4)}`;
    } else {
      answers.take(frame);
    }
  }

  socket.on('data', frameReader(take));
  socket.on('close', () => {
    closed ??= 'The connection is closed';
    answers.abandon(closed);
  });
  send(connectionPreface());
  return {
    call(message, done) {
      if (message.length <= window) start(message, done);
      else waiting.push({ message, done });
    },
    close: () => socket.end(),
  };
}

async function openSocket(address: string): Promise<Socket> {
  const separator = address.lastIndexOf(':');
  const socket = connect(Number(address.slice(separator + 1)), address.slice(0, separator));
  socket.setNoDelay(true);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  // The calls that are under way are told by 'close'.
  return socket.on('error', () => undefined);
}

/** What one turn of the event loop leads to goes out in one write. */
function batchedWriter(socket: Socket): (...bytes: Buffer[]) => void {
  const unsent: Buffer[] = [];
  return (...bytes) => {
    if (unsent.length === 0) {
      process.nextTick(() => socket.write(Buffer.concat(unsent.splice(0))));
    }
    unsent.push(...bytes);
  };
}

function acknowledgementOf({ type, payload }: Frame): Buffer {
  const echoed = type === frameTypes.ping ? payload : Buffer.alloc(0);
  return encodeFrame({ type, flags: flags.ack, streamId: 0, payload: echoed });
}

function dataFrames(streamId: number, message: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let start = 0; start < message.length; start += framePayloadMax) {
    const payload = message.subarray(start, start + framePayloadMax);
    const isLast = start + framePayloadMax >= message.length;
    const set = isLast ? flags.endStream : 0;
    frames.push(encodeFrame({ type: frameTypes.data, flags: set, streamId, payload }));
  }
  return frames;
}

interface Answers {
  expect(streamId: number, done: Done): void;
  take(frame: Frame): void;
  /** Tells all whose answer won't come any more. */
  abandon(failure: string): void;
}

const messagePrefixBytes = 5;

function createAnswers(): Answers {
  const expected = new Map<number, { done: Done; receivedBytes: number }>();

  function finish(streamId: number, failure: string | undefined): void {
    const answer = expected.get(streamId);
    if (answer === undefined) return;
    expected.delete(streamId);
    const isEmpty = failure === undefined && answer.receivedBytes < messagePrefixBytes;
    answer.done(isEmpty ? 'no response came' : failure);
  }

  return {
    expect: (streamId, done) => expected.set(streamId, { done, receivedBytes: 0 }),
    take({ type, flags: set, streamId, payload }) {
      if (type === frameTypes.data) {
        const answer = expected.get(streamId);
        if (answer !== undefined) answer.receivedBytes += payload.length;
        if (set & flags.endStream) finish(streamId, 'no grpc-status came');
      } else if (type === frameTypes.headers && set & flags.endStream) {
        const status = grpcStatusIn(payload);
        finish(streamId, status === '0' ? undefined : `grpc-status ${status ?? 'missing'}`);
      } else if (type === frameTypes.resetStream) {
        finish(streamId, `reset with code ${payload.readUInt32BE(0)}`);
      }
    },
    abandon(failure) {
      for (const streamId of expected.keys()) finish(streamId, failure);
    },
  };
}
