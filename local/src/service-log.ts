import { createWriteStream, existsSync, renameSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

export interface ServiceLog {
  /** Takes in what the process prints. */
  follow(output: Readable): void;
  /**
   * Whether warnings are shown: not while the service starts, because a failure is reported as a whole, nor while it
   * stops.
   */
  setVisible(isVisible: boolean): void;
  /** The last lines of the process, to explain why it ended. */
  lastLines(): string;
  /** Where all lines are. */
  readonly file: string;
}

const lastLinesKept = 30;
/** A service that can't reach another says so several times a second. */
const sameLineEveryMs = 10_000;

/** Writes all lines of a service to its file, and shows the person warnings and worse. */
export function createServiceLog(options: {
  name: string;
  file: string;
  show: (line: string) => void;
}): ServiceLog {
  const { name, file, show } = options;
  if (existsSync(file)) renameSync(file, file.replace(/\.log$/, '.previous.log'));
  const stream = createWriteStream(file);
  const last: string[] = [];
  const shownMs = new Map<string, number>();
  let isVisible = false;

  const take = (line: string) => {
    stream.write(`${line}\n`);
    const { isWorthShowing, text } = readable(line);
    last.push(text);
    if (last.length > lastLinesKept) last.shift();
    if (!isWorthShowing || !isVisible) return;
    const now = performance.now();
    if (now - (shownMs.get(text) ?? Number.NEGATIVE_INFINITY) < sameLineEveryMs) return;
    shownMs.set(text, now);
    show(`${name}: ${text}`);
  };

  return {
    follow: (output) => createInterface({ input: output }).on('line', take),
    setVisible: (value) => {
      isVisible = value;
    },
    lastLines: () => last.join('\n'),
    file,
  };
}

const quietLevels: ReadonlySet<string> = new Set(['trace', 'debug', 'info']);

interface LogLine {
  level: string;
  msg?: string;
  err?: { message?: string };
}

/** Text that isn't from the service's logger is the runtime's last message, and is shown when the process has ended. */
function readable(line: string): { isWorthShowing: boolean; text: string } {
  const parsed = parse(line);
  if (parsed === undefined) return { isWorthShowing: false, text: line };
  const { level, msg, err } = parsed;
  const cause = err?.message === undefined ? '' : ` (${err.message})`;
  return {
    isWorthShowing: !quietLevels.has(level),
    text: `${level}: ${msg ?? ''}${cause}`,
  };
}

function parse(line: string): LogLine | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return undefined;
  }
}
