import type { Nats } from '@loyalty/platform/messaging/connection.ts';
import type { DatabaseProbe } from '@loyalty/platform/postgres/probe.ts';
import type { ClockWatch } from './jobs/watch-clock.ts';

/**
 * Throws while the ledger should take no traffic. A ledger that has never reached its streams is misconfigured; later it goes
 * on without NATS, because events wait in the outbox.
 */
export function readinessOf({
  nats,
  probe,
  clockWatch,
}: {
  nats: Nats;
  probe: DatabaseProbe;
  clockWatch: ClockWatch;
}): () => Promise<void> {
  let connected = false;
  return async () => {
    connected ||= nats.isConnected();
    const problem = nats.streamProblem();
    if (problem !== undefined) throw problem;
    const clockProblem = clockWatch.problem();
    if (clockProblem !== undefined) throw new Error(clockProblem);
    if (!connected) throw new Error('NATS has not been reached yet');
    await probe.check();
  };
}
