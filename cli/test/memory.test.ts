// An import's memory doesn't grow with its file, but for a few bytes a line where lines have no ids.
import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { patience } from '@loyalty/local/test-patience.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'loyalty memory '));
});
afterAll(() => rm(directory, { recursive: true }));

function* purchases(count: number, hasIds: boolean) {
  yield `user_id,purchase_date,amount_usd${hasIds ? ',order_id' : ''}\n`;
  for (let line = 0; line < count; line += 1) {
    const day = String(1 + (line % 28)).padStart(2, '0');
    const id = hasIds ? `,order-${line}` : '';
    yield `user-${line % 50_000},2025-01-${day},${line % 1_000}.99${id}\n`;
  }
}

/** Imports a file of so many lines with a JavaScript heap of 32 MB. Returns the bytes that the process had in memory at most. */
async function memoryFor(count: number, { hasIds }: { hasIds: boolean }): Promise<number> {
  const path = join(directory, `${count}.csv`);
  await pipeline(Readable.from(purchases(count, hasIds)), createWriteStream(path));
  const main = join(import.meta.dirname, 'read-purchases.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--max-old-space-size=32',
    '--max-semi-space-size=1',
    main,
    path,
  ]);
  const { posted, rejected, maxRSS } = JSON.parse(stdout) as Record<string, number>;
  expect({ posted, rejected }).toEqual({ posted: count, rejected: 0 });
  return (maxRSS ?? 0) * 1024;
}

test.each([
  ['with ids', { hasIds: true }, 16_000_000],
  // 20 bytes a line while they are numbered.
  ['without ids', { hasIds: false }, 16_000_000 + 100_000 * 32],
])(
  'a file with six times as many lines %s',
  async (_, kind, moreBytesMax) => {
    const more: number[] = [];
    // How late the garbage is collected depends on what else the machine does.
    while (more.length < 3 && !more.some((bytes) => bytes < moreBytesMax)) {
      const few = await memoryFor(20_000, kind);
      more.push((await memoryFor(120_000, kind)) - few);
    }
    expect(Math.min(...more)).toBeLessThan(moreBytesMax);
  },
  // Six processes at the most, that a busy machine starts slowly.
  patience(60_000),
);
