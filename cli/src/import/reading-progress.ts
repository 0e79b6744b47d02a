import type { Table } from '../csv/table.ts';
import type { Progress } from '../progress.ts';

const bytesPerMb = 1_000_000;

/** Shows how far a file is read, which may take several readings. A short one isn't worth a word. */
export function startReading(progress: Progress, { file }: Table) {
  if (file.sizeBytes < 10 * bytesPerMb) {
    return { onRead: () => undefined, end: () => undefined };
  }
  const stretch = progress.start('reading', inMb(file.sizeBytes), 'MB');
  return {
    onRead: (bytes: number) => stretch.to(inMb(bytes)),
    end: () => stretch.end(),
  };
}

function inMb(bytes: number): number {
  return Math.round(bytes / (bytesPerMb / 10)) / 10;
}
