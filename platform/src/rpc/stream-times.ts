import { constants, type ServerHttp2Stream } from 'node:http2';

interface OpenStream {
  /** When its request must have arrived. */
  readonly arrivalDueMs: number;
  readonly tooLate: () => void;
  /** When its response was first seen to be under way. */
  respondingSinceMs: number | undefined;
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
  const open = new Map<ServerHttp2Stream, OpenStream>();
  let looking = false;

  function forget(this: ServerHttp2Stream): void {
    open.delete(this);
  }

  function lookLater(): void {
    if (looking || open.size === 0) return;
    looking = true;
    // The connections keep the process alive, if anything does.
    setTimeout(look, intervalMs).unref();
  }

  function look(): void {
    looking = false;
    const nowMs = performance.now();
    for (const [stream, times] of open) {
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
    const arrivalDueMs = performance.now() + arrivalMsMax;
    open.set(stream, { arrivalDueMs, tooLate, respondingSinceMs: undefined });
    stream.on('close', forget);
    lookLater();
  };
}
