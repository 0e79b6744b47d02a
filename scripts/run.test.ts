import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';

const launcher = join(import.meta.dirname, 'run.cjs');

describe('the launcher', () => {
  test('runs the Node that is pinned, hands over arguments and ends with the exit code', async () => {
    const script = 'console.log(process.versions.node, process.argv[1]); process.exit(7)';
    const launched = launch(script, 'with space');
    const [line] = await once(createInterface(launched.stdout), 'line');
    expect(line).toMatch(/^24\.\d+\.\d+ with space$/);
    expect(await once(launched, 'exit')).toEqual([7, null]);
  });

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'hands on %s once, however often it comes',
    async (signal) => {
      const launched = launch(`
      let count = 0;
      process.on('${signal}', () => {
        count++;
        console.log('received');
        setTimeout(() => process.exit(count), 200);
      });
      setInterval(() => {}, 1000);
      console.log('ready');`);
      const lines = createInterface(launched.stdout);
      await once(lines, 'line');
      launched.kill(signal);
      await once(lines, 'line');
      launched.kill(signal);
      expect(await once(launched, 'exit')).toEqual([1, null]);
    },
  );

  test('lets the program know when it is killed itself', async () => {
    const launched = launch(`
      process.on('disconnect', () => { console.log('orphaned'); process.exit(); });
      console.log('ready');`);
    const lines = createInterface(launched.stdout);
    await once(lines, 'line');
    launched.kill('SIGKILL');
    expect(await once(lines, 'line')).toEqual(['orphaned']);
  });

  test('ends by the signal that ended the program', async () => {
    const launched = launch(`process.kill(process.pid, 'SIGKILL')`);
    expect(await once(launched, 'exit')).toEqual([null, 'SIGKILL']);
  });
});

function launch(script: string, ...args: string[]): ChildProcessByStdio<null, Readable, null> {
  return spawn(process.execPath, [launcher, '--eval', script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
