import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { FileRefused } from './file-refused.ts';
import { openTextFile } from './text-file.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'loyalty text '));
});
afterAll(() => rm(directory, { recursive: true }));

async function fileOf(content: string | Buffer) {
  const path = join(directory, 'file.csv');
  await writeFile(path, content);
  return await openTextFile(path);
}

async function textOf(file: Awaited<ReturnType<typeof openTextFile>>): Promise<string> {
  const pieces: string[] = [];
  for await (const piece of file.read()) pieces.push(piece);
  return pieces.join('');
}

describe('a text that is read in pieces', () => {
  // Lines of 7 bytes in UTF-8 and 12 in UTF-16, so that pieces end within characters and line breaks.
  const text = 'aé😀\r\n'.repeat(50_000);
  const expected = text.replaceAll('\r\n', '\n');

  test.each([
    ['UTF-8', Buffer.from(text)],
    ['UTF-16, little end first', Buffer.from(`\u{FEFF}${text}`, 'utf16le')],
    ['UTF-16, big end first', Buffer.from(`\u{FEFF}${text}`, 'utf16le').swap16()],
  ])('is whole in %s', async (_, content) => {
    expect((await textOf(await fileOf(content))) === expected).toBe(true);
  });
});

test('a file that changes between two readings is refused', async () => {
  const file = await fileOf('a,b\n');
  await textOf(file);
  await appendFile(file.path, 'c,d\n');
  await expect(textOf(file)).rejects.toThrow(
    'has changed while it was read: import it again once it is complete',
  );
});

test('a file that is not there, and what is no file, is refused by name', async () => {
  await expect(openTextFile(join(directory, 'missing.csv'))).rejects.toThrow(FileRefused);
  await expect(openTextFile(join(directory, 'missing.csv'))).rejects.toThrow(
    /missing\.csv can't be opened: ENOENT/,
  );
  await expect(openTextFile(directory)).rejects.toThrow("isn't a file: save it as one");
});
