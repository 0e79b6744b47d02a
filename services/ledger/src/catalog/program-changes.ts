import type { Logger } from '@loyalty/platform/logging.ts';
import type { Nats } from '@loyalty/platform/messaging/connection.ts';
import { followLatest } from '@loyalty/platform/messaging/consumer.ts';

/**
 * Calls `wake` for every change of a program as soon as it is published, until the signal aborts. What has changed is
 * asked for, not read: the stream may remember changes that a restored database has never seen.
 */
export function followProgramChanges(options: {
  nats: Nats;
  stream: string;
  wake: () => void;
  logger: Logger;
  signal: AbortSignal;
}): Promise<void> {
  const { wake, ...rest } = options;
  return followLatest({
    ...rest,
    filter: 'loyalty.events.v1.*.program.changed',
    handle: async () => wake(),
  });
}
