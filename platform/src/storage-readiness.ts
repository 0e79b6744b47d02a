import type { Nats } from './messaging/connection.ts';
import type { DatabaseProbe } from './postgres/probe.ts';

/** Throws unless the streams are as the service needs them and its database responds. NATS itself may be away. */
export async function requireStorage({
  nats,
  probe,
}: {
  nats: Pick<Nats, 'streamProblem'>;
  probe: Pick<DatabaseProbe, 'check'>;
}): Promise<void> {
  const problem = nats.streamProblem();
  if (problem !== undefined) throw problem;
  await probe.check();
}
