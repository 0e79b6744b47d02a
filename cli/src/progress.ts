import { Presets, SingleBar } from 'cli-progress';

/** One stretch of work whose size is known. */
export interface Stretch {
  /** How much of the work is done by now. */
  to(done: number): void;
  end(): void;
}

/** Says on standard error how far a command is, so that standard output is the result alone. */
export interface Progress {
  /** @param unit of what is counted, where that isn't plain */
  start(what: string, total: number, unit?: string): Stretch;
  notice(text: string): void;
}

const plainEveryMs = 2_000;

/** A moving bar on a terminal; elsewhere a line now and then. Both have the rate and the time that is left. */
export function createProgress(stream: NodeJS.WriteStream): Progress {
  return stream.isTTY
    ? {
        start: (what, total, unit = '') => startBar({ what, total, unit, stream }),
        // Takes the place of the bar, which is drawn again below it.
        notice: (text) => stream.write(`\r\x1b[K${text}\n`),
      }
    : {
        start: (what, total, unit = '') => startLines({ what, total, unit, stream }),
        notice: (text) => stream.write(`${text}\n`),
      };
}

interface StretchOptions {
  what: string;
  total: number;
  unit: string;
  stream: NodeJS.WriteStream;
}

function startBar({ what, total, unit, stream }: StretchOptions): Stretch {
  const format = `${what.padEnd(10)} {bar} {percentage}%  {value} of {total}${after(unit)}  {pace}`;
  const bar = new SingleBar({ stream, format, hideCursor: true }, Presets.shades_classic);
  const pace = createPace(total);
  bar.start(total, 0, { pace: '' });
  return {
    to: (done) => bar.update(done, { pace: pace(done) }),
    end: () => bar.stop(),
  };
}

function startLines({ what, total, unit, stream }: StretchOptions): Stretch {
  const pace = createPace(total);
  let done = 0;
  const write = () =>
    stream.write(`${what}: ${done} of ${total}${after(unit)}${withComma(pace(done))}\n`);
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

function after(unit: string): string {
  return unit === '' ? '' : ` ${unit}`;
}

function withComma(text: string): string {
  return text === '' ? '' : `, ${text}`;
}

/** Says how fast the work goes, and how long it will take: `4,200 a second, 1 min 5 s left`. */
function createPace(total: number): (done: number) => string {
  const beganMs = performance.now();
  return (done) => {
    const seconds = (performance.now() - beganMs) / 1000;
    if (done === 0 || seconds < 1) return '';
    const rate = done / seconds;
    const pace = `${Math.round(rate).toLocaleString('en')} a second`;
    return done >= total ? pace : `${pace}, ${durationText((total - done) / rate)} left`;
  };
}

function durationText(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${Math.round(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
