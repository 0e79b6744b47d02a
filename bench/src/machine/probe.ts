// Preloaded into every process that the bench measures (`node --import`), so that the services need no code for it: it
// reports over the channel to its parent what a window of time cost the process.
import { writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { GCProfiler, type GCProfilerResult, getHeapStatistics } from 'node:v8';
import { allocatedBytes } from './allocations.ts';
import type { ProbeRequest, ProbeResponse, ProcessUsage } from './probe-messages.ts';

/** Fine enough for functions of a few percent of ten seconds, and still cheap. */
const samplingIntervalUs = 500;

/** How long calls that are in progress at the end of a window have to end. */
const callsEndMs = 1_000;

interface Window {
  readonly cpu: NodeJS.CpuUsage;
  readonly usedBytes: number;
  readonly collections: GCProfiler;
  readonly profiler: Session | undefined;
}

let window: Window | undefined;

process.on('message', (message) => {
  if (typeof message === 'object' && message !== null && 'probe' in message) {
    void respond(message as ProbeRequest);
  }
});

async function respond(request: ProbeRequest): Promise<void> {
  const { probe } = request;
  let result: ProbeResponse = { probe };
  if (request.probe === 'begin') window = await begin(request.profile);
  else if (request.probe === 'end') result = { probe, usage: await end(request.profileFile) };
  else result = { probe, residentBytes: process.memoryUsage.rss() };
  process.send?.(result);
}

async function begin(isProfiled: boolean): Promise<Window> {
  const profiler = isProfiled ? await startProfiler() : undefined;
  const collections = new GCProfiler();
  collections.start();
  const usedBytes = getHeapStatistics().used_heap_size;
  return { cpu: process.cpuUsage(), usedBytes, collections, profiler };
}

async function end(profileFile: string | undefined): Promise<ProcessUsage> {
  if (window === undefined) throw new Error('No window has begun');
  const { user, system } = process.cpuUsage(window.cpu);
  const { statistics } = window.collections.stop();
  const usage = {
    cpuUs: user + system,
    allocatedBytes: allocatedBytes({
      usedBytesAtBegin: window.usedBytes,
      collections: statistics.map(collection),
      usedBytesAtEnd: getHeapStatistics().used_heap_size,
    }),
    collectingUs: statistics.reduce((sum, { cost }) => sum + cost, 0),
    residentBytes: process.memoryUsage.rss(),
  };
  if (window.profiler !== undefined && profileFile !== undefined) {
    // Stopping takes seconds in which nothing else runs, and calls that are under way would fail.
    await delay(callsEndMs);
    await stopProfiler(window.profiler, profileFile);
  }
  window = undefined;
  return usage;
}

function collection({ beforeGC, afterGC }: GCProfilerResult['statistics'][number]) {
  return {
    usedBytesBefore: beforeGC.heapStatistics.usedHeapSize,
    usedBytesAfter: afterGC.heapStatistics.usedHeapSize,
  };
}

async function startProfiler(): Promise<Session> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: samplingIntervalUs });
  await session.post('Profiler.start');
  return session;
}

async function stopProfiler(session: Session, file: string): Promise<void> {
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  await writeFile(file, JSON.stringify(profile));
}
