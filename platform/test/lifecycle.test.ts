import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';

const fixture = join(import.meta.dirname, 'lifecycle-fixture.ts');

interface Run {
  child: ChildProcess;
  output(): string;
  /** Resolves once the output contains a text. */
  shows(text: string): Promise<void>;
  exit: Promise<number | null>;
}

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function run(behavior: string): Run {
  const child = fork(fixture, [behavior], { silent: true, execArgv: [] });
  children.push(child);
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('the output is not captured');
  let output = '';
  for (const stream of [stdout, stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const exited = once(child, 'exit');
  return {
    child,
    output: () => output,
    shows: async (text) => {
      const signal = AbortSignal.timeout(10_000);
      while (!output.includes(text)) await once(stdout, 'data', { signal });
    },
    exit: Promise.all([exited, once(stdout, 'end'), once(stderr, 'end')]).then(
      ([[code]]) => code as number | null,
    ),
  };
}

describe('a service', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('drains at %s and exits with 0', async (signal) => {
    const service = run('well-behaved');
    await service.shows('READY');
    service.child.kill(signal);
    expect(await service.exit).toBe(0);
    expect(service.output()).toContain('STOPPED');
  });

  test('drains when the parent that spawned it is gone', async () => {
    const service = run('well-behaved');
    await service.shows('READY');
    service.child.disconnect();
    expect(await service.exit).toBe(0);
    expect(service.output()).toContain('STOPPED');
  });

  test('stops also while it is waiting to become ready', async () => {
    const service = run('never-ready');
    await service.shows('WAITING');
    service.child.kill('SIGTERM');
    expect(await service.exit).toBe(0);
    expect(service.output()).toContain('STOPPED');
  });

  test('takes a signal that arrives by two ways at once for one', async () => {
    const service = run('well-behaved');
    await service.shows('READY');
    service.child.kill('SIGINT');
    service.child.kill('SIGTERM');
    expect(await service.exit).toBe(0);
  });

  test('exits at once at a second signal', async () => {
    const service = run('hangs');
    await service.shows('READY');
    service.child.kill('SIGTERM');
    await service.shows('STOPPING');
    const ask = setInterval(() => service.child.kill('SIGTERM'), 50);
    expect(await service.exit.finally(() => clearInterval(ask))).toBe(130);
  });

  test('does not outlive its grace period', async () => {
    const service = run('hangs-briefly');
    await service.shows('READY');
    service.child.kill('SIGTERM');
    expect(await service.exit).toBe(1);
    expect(service.output()).toContain('did not stop within its grace period');
  });

  test.each([
    ['fails-to-start', 'no such port'],
    ['crashes', 'a bug'],
  ])('that %s exits with 1 and logs why', async (behavior, reason) => {
    const service = run(behavior);
    expect(await service.exit).toBe(1);
    expect(service.output()).toContain(reason);
  });

  test('that can not be stopped cleanly says so by its exit code', async () => {
    const service = run('fails-to-stop');
    await service.shows('READY');
    service.child.kill('SIGTERM');
    expect(await service.exit).toBe(1);
    expect(service.output()).toContain('stuck');
  });

  test('with a bad configuration prints that one line and exits with 78', async () => {
    const service = run('bad-config');
    expect(await service.exit).toBe(78);
    expect(service.output()).toBe('fixture: FIXTURE_URL is missing; set it\n');
  });

  test('that meets a bad configuration while it starts does the same', async () => {
    const service = run('old-binary');
    expect(await service.exit).toBe(78);
    expect(service.output()).toBe('fixture: the database is newer\n');
  });
});
