import { setTimeout as delay } from 'node:timers/promises';
import { isFree } from './free-port.ts';
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
