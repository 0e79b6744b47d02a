import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type LocalPorts, portSettings } from './settings.ts';
import { StartRefused } from './start-refused.ts';

/**
 * @param patienceMs how long to wait for processes that are about to end
 * @throws {StartRefused} naming the ports that other processes listen on
 */
export async function demandFreePorts(
  ports: LocalPorts,
  { patienceMs = 0 }: { patienceMs?: number } = {},
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  let taken = await takenPorts(ports);
  while (taken.length > 0 && performance.now() < deadline) {
    await delay(100);
    taken = await takenPorts(ports);
  }
  const [first] = taken;
  if (first === undefined) return;
  const numbers = taken.map(({ port }) => port).join(', ');
  throw new StartRefused(
    `${taken.length === 1 ? `Port ${numbers} is` : `Ports ${numbers} are`} taken: ` +
      'stop what listens there, or choose another port, such as: ' +
      `${first.setting}=${first.port + 1000} npm start`,
  );
}

async function takenPorts(ports: LocalPorts): Promise<{ port: number; setting: string }[]> {
  const taken: { port: number; setting: string }[] = [];
  for (const [name, setting] of Object.entries(portSettings)) {
    const port = ports[name as keyof LocalPorts];
    if (!(await isFree(port))) taken.push({ port, setting });
  }
  return taken;
}

/** Whether a process could listen on the port of 127.0.0.1. */
export async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  return new Promise((resolve) => {
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

/**
 * A port of 127.0.0.1 for a server that is started later. It is below those that the system gives to outgoing
 * connections, or one of these might take it first.
 */
export async function unusedPort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    if (await isFree(port)) return port;
  }
}
