import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { freePort } from './free-port.ts';
import { createServiceLog } from './service-log.ts';
import { type ServiceProcess, startService } from './service-process.ts';

let directory: string;
const started: ServiceProcess[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'loyalty services '));
});

afterEach(async () => {
  for (const service of started.splice(0)) await service.stop();
});

afterAll(() => rm(directory, { recursive: true }));

const listens = `
import { createServer } from 'node:http';
const server = createServer((request, response) => response.end(String(process.pid)));
server.listen(process.env.TEST_PORT, '127.0.0.1');
process.on('SIGTERM', () => { console.log('ended in order'); process.exit(0); });
process.on('disconnect', () => process.exit(0));
`;

async function start(script: string, port?: number) {
  const main = join(directory, 'service.mjs');
  await writeFile(main, script);
  const httpPort = port ?? (await freePort());
  const printed: string[] = [];
  const print = (line: string) => printed.push(line);
  const log = createServiceLog({
    name: 'ledger',
    file: join(directory, 'ledger.log'),
    show: print,
  });
  const env = { TEST_PORT: String(httpPort) };
  const service = startService({ name: 'ledger', main, env, managementPort: httpPort, log, print });
  started.push(service);
  return { service, printed, log, httpPort };
}

async function pidOf(httpPort: number): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${httpPort}/`, {
    headers: { connection: 'close' },
  });
  return Number(await response.text());
}

async function isGone(pid: number): Promise<void> {
  for (let isThere = true; isThere; await delay(10)) {
    try {
      process.kill(pid, 0);
    } catch {
      isThere = false;
    }
  }
}

describe('a service of the platform', () => {
  test('that is killed is started again, and the person is told', async () => {
    const { service, printed, httpPort } = await start(listens);
    await service.ready();
    const first = await pidOf(httpPort);
    process.kill(first, 'SIGKILL');
    await isGone(first);
    while (!printed.includes('ledger is ready again.')) await service.ready();
    expect(printed).toEqual([
      'ledger exited (SIGKILL) and is restarted.',
      'ledger is ready again.',
    ]);
    expect(await pidOf(httpPort)).not.toBe(first);
  });

  test('that dies over and over is given up', async () => {
    const { service, printed, httpPort } = await start(listens);
    await service.ready();
    for (let lives = 6; lives > 0; lives--) {
      await service.ready();
      const pid = await pidOf(httpPort);
      process.kill(pid, 'SIGKILL');
      await isGone(pid);
    }
    await expect(service.failed).rejects.toThrow('keeps exiting');
    expect(printed.filter((line) => line.includes('is restarted'))).toHaveLength(5);
  });

  test('whose port another process is about to give up is started again', async () => {
    const httpPort = await freePort();
    const earlier = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => earlier.listen(httpPort, '127.0.0.1', resolve));
    const { service, log } = await start(listens, httpPort);
    while (!log.lastLines().includes('EADDRINUSE')) await delay(10);
    await new Promise((resolve) => earlier.close(resolve));
    await service.ready();
    expect(await pidOf(httpPort)).toBeGreaterThan(0);
  });

  test('that can not be started is reported with its last lines', async () => {
    const { service } = await start(`console.error('the port is taken'); process.exit(3);`);
    await expect(service.ready()).rejects.toThrow(/failed to start.*exit code 3.*port is taken/s);
  });

  test('whose data is of another version says how to start over', async () => {
    const { service } = await start(
      `console.error('the database was migrated by another release'); process.exit(1);`,
    );
    await expect(service.ready()).rejects.toThrow(/npm start -- --fresh deletes it/);
  });

  test('ends in order when it is stopped', async () => {
    const { service, log } = await start(listens);
    await service.ready();
    await service.stop();
    expect(log.lastLines()).toBe('ended in order');
  });

  test('shows the person its warnings once, and keeps every line in its file', async () => {
    const { service, printed, log, httpPort } = await start(`${listens}
      process.on('SIGUSR1', () => {
      const line = (level, msg) => console.log(JSON.stringify({ level, msg, err: level === 'error' ? { message: 'no route' } : undefined }));
      line('info', 'listening');
      line('warn', 'disconnected');
      line('warn', 'disconnected');
      line('error', 'lost');
      console.log('a runtime speaks');
      process.exit(0);
      });
    `);
    await service.ready();
    process.kill(await pidOf(httpPort), 'SIGUSR1');
    while (printed.length < 3) await service.ready();
    expect(printed.slice(0, 3)).toEqual([
      'ledger: warn: disconnected',
      'ledger: error: lost (no route)',
      'ledger exited (exit code 0) and is restarted.',
    ]);
    let kept = '';
    while (!kept.includes('a runtime speaks')) kept = await readFile(log.file, 'utf8');
    expect(kept.match(/"disconnected"/g)).toHaveLength(2);
    expect(kept).toContain('"listening"');
  });
});
