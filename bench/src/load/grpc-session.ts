import { batchedWriter, type Caller, type Connection, openSocket } from './connection.ts';
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

export interface GrpcSessionOptions {
  /** `host:port` */
  address: string;
  /** `/package.Service/Method` */
  path: string;
  token: string;
}

/** A call that the server hasn't seen, or won't look at. */
export interface UnsentCall {
  readonly message: Buffer;
  readonly caller: Caller;
}

export interface GrpcSession extends Connection {
  /** Whether the server takes no further calls, though it responds to those that it has. */
  isRetired(): boolean;
}

/**
 * A gRPC client reduced to what a load needs: it checks the status and the size of responses and decodes none. Through
 * node:http2 a call cost eight times as much, which is taken from the server that shares the machine.
 */
export async function openGrpcSession(
  options: GrpcSessionOptions,
  /** Called with each call that has to be sent again, over another connection. */
  sendAgain: (call: UnsentCall) => void,
): Promise<GrpcSession> {
  const socket = await openSocket(options.address);
  const send = batchedWriter(socket);
  const pendingCalls = createPendingCalls();
  const blocks = headerBlocks([
    [':path', options.path],
    [':authority', options.address],
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
    ['grpc-timeout', '10S'],
    ['authorization', `Bearer ${options.token}`],
  ]);
  // Messages that wait until the server's window has room for them.
  const waiting: UnsentCall[] = [];
  let window = initialWindow;
  let nextStreamId = 1;
  let isRetired = false;
  let closed: Error | undefined;

  function start(message: Buffer, caller: Caller): void {
    const streamId = nextStreamId;
    nextStreamId += 2;
    window -= message.length;
    pendingCalls.expect(streamId, { message, caller });
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
        start(next.message, next.caller);
      }
    } else if (type === frameTypes.goAway) {
      const code = payload.readUInt32BE(4);
      closed ??= new Error(`the server closes the connection, code ${code}`);
      isRetired = code === noError;
      if (isRetired) {
        const unsent = [
          ...pendingCalls.withdrawAfter(payload.readUInt32BE(0)),
          ...waiting.splice(0),
        ];
        for (const call of unsent) sendAgain(call);
      }
    } else {
      pendingCalls.take(frame);
    }
  }

  socket.on('data', frameReader(take));
  socket.on('close', () => {
    closed ??= new Error('the connection was closed');
    pendingCalls.abandon(closed);
    for (const { caller } of waiting.splice(0)) caller.reject(closed);
  });
  send(connectionPreface());
  return {
    call: (message) =>
      new Promise((resolve, reject) => {
        const caller = { resolve, reject };
        if (closed !== undefined) reject(closed);
        else if (message.length > initialWindow) reject(new Error('the message is too large'));
        else if (message.length > window) waiting.push({ message, caller });
        else start(message, caller);
      }),
    isRetired: () => isRetired,
    close: () => socket.end(),
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

interface PendingCalls {
  expect(streamId: number, call: UnsentCall): void;
  take(frame: Frame): void;
  /** Forgets the calls on later streams, which the server won't look at. */
  withdrawAfter(lastStreamId: number): UnsentCall[];
  /** Rejects all calls that will get no response. */
  abandon(error: Error): void;
}

const noError = 0;
const messagePrefixBytes = 5;

function createPendingCalls(): PendingCalls {
  const expected = new Map<number, { call: UnsentCall; receivedBytes: number }>();

  function finish(streamId: number, failure: string | undefined): void {
    const pending = expected.get(streamId);
    if (pending === undefined) return;
    expected.delete(streamId);
    const isEmpty = failure === undefined && pending.receivedBytes < messagePrefixBytes;
    pending.call.caller.resolve(isEmpty ? 'no response arrived' : failure);
  }

  return {
    expect: (streamId, call) => expected.set(streamId, { call, receivedBytes: 0 }),
    take({ type, flags: set, streamId, payload }) {
      if (type === frameTypes.data) {
        const pending = expected.get(streamId);
        if (pending !== undefined) pending.receivedBytes += payload.length;
        if (set & flags.endStream) finish(streamId, 'no grpc-status arrived');
      } else if (type === frameTypes.headers && set & flags.endStream) {
        const status = grpcStatusIn(payload);
        finish(streamId, status === '0' ? undefined : `grpc-status ${status ?? 'missing'}`);
      } else if (type === frameTypes.resetStream) {
        finish(streamId, `reset with code ${payload.readUInt32BE(0)}`);
      }
    },
    withdrawAfter(lastStreamId) {
      const later = [...expected].filter(([streamId]) => streamId > lastStreamId);
      for (const [streamId] of later) expected.delete(streamId);
      return later.map(([, { call }]) => call);
    },
    abandon(error) {
      for (const { call } of expected.values()) call.caller.reject(error);
      expected.clear();
    },
  };
}
