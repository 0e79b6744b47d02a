import { constants, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { printable } from '../printable.ts';
import { FileRefused } from './file-refused.ts';

type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be';

/** A file of text that is read several times. */
export interface TextFile {
  readonly path: string;
  readonly encoding: Encoding;
  readonly sizeBytes: number;
  /**
   * The text in pieces, without a byte order mark and with line breaks of one kind. Bytes that are no characters become
   * U+FFFD.
   *
   * @param onRead hears how many bytes have been read
   * @throws {FileRefused} when the file is another one by the end than when it was opened
   */
  read(onRead?: (bytes: number) => void): AsyncGenerator<string>;
}

const pieceBytes = 64 * 1024;
const sampleBytes = 1024;

/** @throws {FileRefused} when it can't be read, or isn't text */
export async function openTextFile(path: string): Promise<TextFile> {
  const { encoding, stats } = await withFile(path, async (file) => {
    const sample = new Uint8Array(sampleBytes);
    const { bytesRead } = await file.read(sample, 0, sampleBytes, 0);
    return { encoding: encodingOf(path, sample.subarray(0, bytesRead)), stats: await file.stat() };
  });
  return {
    path,
    encoding,
    sizeBytes: stats.size,
    read: (onRead = () => undefined) => readText({ path, encoding, stats, onRead }),
  };
}

async function withFile<Result>(
  path: string,
  work: (file: FileHandle) => Promise<Result>,
): Promise<Result> {
  const file = await openFile(path);
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}

async function openFile(path: string): Promise<FileHandle> {
  const name = printable(path);
  let file: FileHandle;
  try {
    // A pipe without a writer would keep it waiting.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw new FileRefused(`${name} can't be opened: ${(error as Error).message}`, { cause: error });
  }
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new FileRefused(`${name} isn't a file: save it as one, because it is read several times`);
}

/** By the byte order mark; without one, UTF-16 shows by the zero bytes of its Latin letters and digits. */
function encodingOf(path: string, sample: Uint8Array): Encoding {
  if (sample[0] === 0xff && sample[1] === 0xfe && !(sample[2] === 0 && sample[3] === 0)) {
    return 'utf-16le';
  }
  if (sample[0] === 0xfe && sample[1] === 0xff) return 'utf-16be';
  const zeros = [0, 0];
  for (const [index, byte] of sample.entries()) {
    if (byte === 0) zeros[index % 2] = (zeros[index % 2] ?? 0) + 1;
  }
  const [even = 0, odd = 0] = zeros;
  if (even + odd === 0) return 'utf-8';
  if (even === 0 && odd > sample.length / 4) return 'utf-16le';
  if (odd === 0 && even > sample.length / 4) return 'utf-16be';
  throw new FileRefused(
    `${printable(path)} isn't text in UTF-8 or UTF-16: export it as CSV in UTF-8`,
  );
}

async function* readText(input: {
  path: string;
  encoding: Encoding;
  stats: Stats;
  onRead: (bytes: number) => void;
}): AsyncGenerator<string> {
  const { path, encoding, stats, onRead } = input;
  const decoder = new TextDecoder(encoding);
  const file = await openFile(path);
  try {
    let bytes = 0;
    let held = '';
    for await (const piece of file.createReadStream({
      autoClose: false,
      highWaterMark: pieceBytes,
    }) as AsyncIterable<Uint8Array>) {
      const text = held + decoder.decode(piece, { stream: true });
      // A line break of two characters may be cut in the middle.
      held = text.endsWith('\r') ? '\r' : '';
      yield withUnixLines(text.slice(0, text.length - held.length));
      bytes += piece.length;
      onRead(bytes);
    }
    yield withUnixLines(held + decoder.decode());
    requireUnchanged(path, stats, await file.stat());
  } finally {
    await file.close();
  }
}

// Old spreadsheets end lines by a carriage return alone; files that several programs have written to mix all three.
function withUnixLines(text: string): string {
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
}

function requireUnchanged(path: string, before: Stats, after: Stats): void {
  if (before.size === after.size && before.mtimeMs === after.mtimeMs) return;
  throw new FileRefused(
    `${printable(path)} has changed while it was read: import it again once it is complete`,
  );
}
