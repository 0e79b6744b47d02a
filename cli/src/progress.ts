import { Presets, SingleBar } from 'cli-progress';

/** One stretch of work whose size is known. */
export interface Stretch {
  /** How much of the work is done by now. */
  to(done: number): void;
  end(): void;
}

/** Tells on standard error how far a command is, so that standard output is the result alone. */
export interface Progress {
  start(what: string, total: number): Stretch;
  notice(text: string): void;
}

const plainEveryMs = 2_000;

/** A moving bar on a terminal; elsewhere a line now and then. */
export function createProgress(stream: NodeJS.WriteStream): Progress {
  return stream.isTTY
    ? {
        start: (what, total) => startBar({ what, total, stream }),
        // Takes the place of the bar, which is drawn again below it.
        notice: (text) => stream.write(`\r\x1b[K${text}\n`),
      }
    : {
        start: (what, total) => startLines({ what, total, stream }),
        notice: (text) => stream.write(`${text}\n`),
      };
}

interface StretchOptions {
  what: string;
  total: number;
  stream: NodeJS.WriteStream;
}

function startBar({ what, total, stream }: StretchOptions): Stretch {
  const format = `${what.padEnd(10)} {bar} {percentage}%  {value} of {total}  {duration_formatted}`;
  const bar = new SingleBar({ stream, format, hideCursor: true }, Presets.shades_classic);
  bar.start(total, 0);
  return { to: (done) => bar.update(done), end: () => bar.stop() };
}

function startLines({ what, total, stream }: StretchOptions): Stretch {
  let done = 0;
  const write = () => stream.write(`${what}: ${done} of ${total}\n`);
  const timer = setInterval(write, plainEveryMs);
  return {
    to: (value) => {
      done = value;
    },
    end: () => {
      clearInterval(timer);
      write();
    },
  };
}
