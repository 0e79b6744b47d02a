import { constants, type ServerHttp2Stream } from 'node:http2';

interface OpenStream {
  readonly stream: ServerHttp2Stream;
  /** When its request must have arrived. */
  readonly arrivalDueMs: number;
  readonly tooLate: () => void;
  /** When its response was first seen to be under way. */
  respondingSinceMs: number | undefined;
  /** Where it is among those that are open. */
  index: number;
}

export interface StreamTimes {
  /** Time that a request may take to arrive. */
  readonly arrivalMsMax: number;
  /** Time that a response may take to be read. */
  readonly readingMsMax: number;
}

/**
 * Bounds the time of HTTP/2 streams at both ends: a request that doesn't arrive is refused by `tooLate`, and a stream whose
 * response isn't read is closed, because what waits takes memory. All of them are looked at now and then, which costs a call
 * less than timers of its own.
 */
export function createStreamTimes({
  arrivalMsMax,
  readingMsMax,
}: StreamTimes): (stream: ServerHttp2Stream, tooLate: () => void) => void {
  const intervalMs = Math.min(1000, Math.ceil(Math.min(arrivalMsMax, readingMsMax) / 4));
  // Not a Map: each time it makes a new table, the old one keeps the streams that it had, and is often among the old objects.
  const open: OpenStream[] = [];
  let looking = false;

  function forget({ index }: OpenStream): void {
    const last = open.pop();
    if (last === undefined || last.index === index) return;
    last.index = index;
    open[index] = last;
  }

  function lookLater(): void {
    if (looking || open.length === 0) return;
    looking = true;
    // The connections keep the process alive, if anything does.
    setTimeout(look, intervalMs).unref();
  }

  function look(): void {
    looking = false;
    const nowMs = performance.now();
    for (const times of open) {
      const { stream } = times;
      if (stream.headersSent) {
        times.respondingSinceMs ??= nowMs;
        if (nowMs - times.respondingSinceMs > readingMsMax) {
          stream.close(constants.NGHTTP2_CANCEL);
        }
      } else if (!stream.readableEnded && nowMs > times.arrivalDueMs) {
        times.tooLate();
      }
    }
    lookLater();
  }

  return (stream, tooLate) => {
    const times: OpenStream = {
      stream,
      arrivalDueMs: performance.now() + arrivalMsMax,
      tooLate,
      respondingSinceMs: undefined,
      index: open.length,
    };
    open.push(times);
    stream.on('close', () => {
      forget(times);
      letGo(stream);
    });
    lookLater();
  };
}

/**
 * Drops what listened to a closed stream, which is all that its call was. Node's own table of a session's streams keeps many of
 * them until the old objects are collected.
 */
function letGo(stream: ServerHttp2Stream): void {
  stream.removeAllListeners();
  stream.on('error', ignore);
}

function ignore(): void {}
