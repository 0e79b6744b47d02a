import { patientCollect } from '@loyalty/platform/telemetry/patient-collect.ts';
import { Gauge, type Registry } from 'prom-client';
import type { DeadLetters } from './app/dead-letters.ts';

/** Registers the metrics of messages that couldn't be applied. All replicas report the same. */
export function registerDeadLetterMetrics(
  registry: Registry,
  deadLetters: Pick<DeadLetters, 'count'>,
): void {
  const collect = patientCollect(async () => {
    const counts = await deadLetters.count();
    letters.reset();
    for (const state of ['WAITING', 'DEAD']) oldest.set({ state }, 0);
    for (const { state, reason, count, oldestSeconds } of counts) {
      letters.set({ state, reason }, count);
      oldest.set({ state }, oldestSeconds);
    }
  });
  const letters: Gauge<'state' | 'reason'> = new Gauge({
    name: 'dead_letters',
    help: 'Messages that could not be applied and wait or are dead, by reason',
    labelNames: ['state', 'reason'],
    registers: [registry],
    collect,
  });
  const oldest: Gauge<'state'> = new Gauge({
    name: 'dead_letters_oldest_seconds',
    help: 'Age of the oldest message that waits or is dead',
    labelNames: ['state'],
    registers: [registry],
    collect,
  });
}
