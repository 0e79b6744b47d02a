// What a newcomer does with the platform on their own machine.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  createPlatformHome,
  type PlatformHome,
  type RunningPlatform,
  startPlatform,
} from '@loyalty/local/running-platform.ts';
import { root } from '@loyalty/local/settings.ts';
import { patience } from '@loyalty/local/test-patience.ts';
import { http } from '../src/http.ts';

let home: PlatformHome;
const running = new Set<RunningPlatform>();

beforeEach(async () => {
  home = await createPlatformHome();
});

afterEach(async () => {
  for (const platform of running) await platform.stop();
  running.clear();
  await home.remove();
}, patience(30_000));

async function start(args: readonly string[] = []): Promise<RunningPlatform> {
  const platform = await startPlatform(home, args);
  running.add(platform);
  return platform;
}

/** Runs the lines in a shell of their own, as if they were pasted; it ends at the first that fails. */
async function paste(lines: string): Promise<string> {
  const { stdout } = await promisify(execFile)('sh', ['-e', '-c', lines], { cwd: '/' });
  return stdout;
}

/** The lines between ```sh and ``` that contain a text. */
function readmeBlock(containing: string): string {
  const blocks = readFileSync(join(root, 'README.md'), 'utf8').matchAll(/^```sh\n(.*?)^```/gms);
  const block = [...blocks]
    .map(([, lines = '']) => lines)
    .find((lines) => lines.includes(containing));
  if (block === undefined) throw new Error(`README.md has no commands with ${containing}`);
  return block;
}

/** A member's balance in Wine & Dine, with the token of an earlier run. */
function balance(platform: RunningPlatform, token: string) {
  return http(platform, { token, path: 'programs/wine-dine/members/me/balance' });
}

describe('npm start', () => {
  test(
    'prints commands that work when they are pasted into another shell',
    async () => {
      const platform = await start();
      const commands = platform.output().split('Try it in another shell:')[1] ?? '';
      const printed = await paste(commands);
      expect(printed).toMatch(/"state": ?"ACTIVE"/);
      expect(printed).toMatch(/"transactionId": ?"order-1"/);
      expect(printed).toMatch(/"rewardId": ?"glass".*"CAPTURED"/);
      expect(printed).toMatch(/"transactionId": ?"order-2"/);
      const token = platform.env['LOYALTY_MEMBER_TOKEN'] ?? '';
      // 10 tokens for the first purchase, 5 for the second, less a glass.
      expect((await balance(platform, token)).body).toMatchObject({ available: 5 });
    },
    patience(90_000),
  );

  test(
    "README's first commands work",
    async () => {
      const platform = await start();
      const source = `. '${join(home.directory, 'env')}'\n`;
      const inHttp = readmeBlock('Idempotency-Key').replace('. .local/env\n', source);
      const inGrpc = readmeBlock('npx buf curl').split('# The same with grpcurl')[0] ?? '';
      const printed = await paste(`cd '${root}'\n${inHttp}\n${source}${inGrpc}`);
      expect(printed).toMatch(/"transactionId": ?"order-2"/);
      const token = platform.env['LOYALTY_MEMBER_TOKEN'] ?? '';
      expect((await balance(platform, token)).body).toMatchObject({ available: 5 });

      const loyalty = `'${process.execPath}' '${join(root, 'cli/bin/loyalty.cjs')}'`;
      const imports = readmeBlock('loyalty import').replace('npx loyalty', loyalty);
      // Of this platform, and not of one that may run in the clone.
      const imported = await paste(`set -a\n${source}cd '${home.directory}'\n${imports}`);
      expect(imported).toMatch(/^posted +2 {2}15 tokens\n/);
    },
    patience(90_000),
  );

  test(
    'keeps its data and its tokens, however it ended, until it is asked to start fresh',
    async () => {
      const first = await start();
      const token = first.env['LOYALTY_MEMBER_TOKEN'] ?? '';
      await http(first, { token, path: 'programs/wine-dine/members', body: { userId: 'alice' } });
      expect(await balance(first, token)).toMatchObject({ status: 200 });
      running.delete(first);
      expect(await first.stop()).toBe(0);

      const second = await start();
      expect(await balance(second, token)).toMatchObject({ status: 200 });
      running.delete(second);
      await second.killAll();

      const third = await start();
      expect(await balance(third, token)).toMatchObject({ status: 200 });
      running.delete(third);
      expect(await third.stop()).toBe(0);

      const fresh = await start(['--fresh']);
      expect(await balance(fresh, token)).toMatchObject({ status: 404 });
    },
    patience(180_000),
  );

  test(
    'refuses to start where it runs already, or on ports that are taken, and says what to do',
    async () => {
      await start();
      await expect(startPlatform(home)).rejects.toThrow(
        /already running .*, with the gateway at http:.*\n.*kill \d+/,
      );
      const other = await createPlatformHome();
      try {
        const { LOYALTY_LOCAL_DIRECTORY, ...ports } = other.settings;
        const port = home.settings['LOYALTY_LOCAL_LEDGER_GRPC_PORT'] ?? '';
        const settings = {
          ...ports,
          LOYALTY_LOCAL_DIRECTORY,
          LOYALTY_LOCAL_LEDGER_GRPC_PORT: port,
        };
        await expect(
          startPlatform({ ...other, settings: settings as Record<string, string> }),
        ).rejects.toThrow(new RegExp(`Port ${port} is taken: .*LOYALTY_LOCAL_LEDGER_GRPC_PORT=`));
      } finally {
        await other.remove();
      }
    },
    patience(60_000),
  );
});
