// A start that was killed can be repeated, whatever it was doing.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  createPlatformHome,
  killStart,
  type PlatformHome,
  startPlatform,
} from '@loyalty/local/running-platform.ts';
import { patience } from '@loyalty/local/test-patience.ts';
import { http } from '../src/http.ts';

/** How many first starts are killed; `LOYALTY_KILLED_STARTS=20` is for a look by hand. */
const rounds = Number(process.env['LOYALTY_KILLED_STARTS'] ?? 2);
/** `LOYALTY_SEED` kills them at other instants. */
const seed = Number(process.env['LOYALTY_SEED'] ?? 1);

async function withHome<Result>(use: (home: PlatformHome) => Promise<Result>): Promise<Result> {
  const home = await createPlatformHome();
  try {
    return await use(home);
  } finally {
    await home.remove();
  }
}

/** Starts the platform, uses it and ends it. Returns how long the start took. */
async function expectToWork(home: PlatformHome): Promise<number> {
  const beganMs = performance.now();
  const platform = await startPlatform(home);
  const tookMs = performance.now() - beganMs;
  try {
    const token = platform.env['LOYALTY_MEMBER_TOKEN'] ?? '';
    const path = 'programs/wine-dine/members';
    const joined = await http(platform, { token, path, body: { userId: 'alice' } });
    expect(joined.status).toBe(201);
  } finally {
    expect(await platform.stop()).toBe(0);
  }
  return tookMs;
}

/** Numbers from 0 to 1, always the same for a seed (mulberry32). */
function randomOf(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('npm start', () => {
  test(
    'starts after its first start was killed at any instant',
    async () => {
      const wholeMs = await withHome(expectToWork);
      const random = randomOf(seed);
      for (let round = 1; round <= rounds; round++) {
        const afterMs = random() * wholeMs;
        const victims = random() < 0.5 ? 'group' : 'all';
        const killed = `round ${round} of seed ${seed}: ${victims} killed after ${afterMs.toFixed(0)} ms`;
        await withHome(async (home) => {
          await killStart(home, { afterMs, victims });
          await expectToWork(home).catch((cause: unknown) => {
            throw new Error(killed, { cause });
          });
        });
      }
    },
    patience(60_000 + 60_000 * rounds),
  );

  test(
    'takes over an empty folder, and names the way out of half a database that an older one left',
    async () => {
      await withHome(async (home) => {
        const data = join(home.directory, 'postgres/data');
        await mkdir(data, { recursive: true });
        await expectToWork(home);
      });
      await withHome(async (home) => {
        const data = join(home.directory, 'postgres/data');
        await mkdir(data, { recursive: true });
        await writeFile(join(data, 'PG_VERSION'), '18\n');
        await expect(startPlatform(home)).rejects.toThrow(
          /postgres\/data was made by an earlier version, .*: npm start -- --fresh /,
        );
        const platform = await startPlatform(home, ['--fresh']);
        expect(await platform.stop()).toBe(0);
      });
    },
    patience(120_000),
  );
});
