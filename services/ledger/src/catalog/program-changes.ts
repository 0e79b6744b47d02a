import { fromBinary } from '@bufbuild/protobuf';
import type { Logger } from '@loyalty/platform/logging.ts';
import type { Nats } from '@loyalty/platform/messaging/connection.ts';
import { followLatest } from '@loyalty/platform/messaging/consumer.ts';
import { ProgramChangedSchema } from '@loyalty/proto/loyalty/events/v1/program_changed_pb.ts';
import type { KeptCatalog } from './program-catalog.ts';

/**
 * Tells the catalog of every change of a program as soon as it is published, until the signal aborts. It begins with
 * the last change of each.
 */
export function followProgramChanges(options: {
  nats: Nats;
  stream: string;
  catalog: Pick<KeptCatalog, 'announce'>;
  logger: Logger;
  signal: AbortSignal;
}): Promise<void> {
  const { nats, stream, catalog, logger, signal } = options;
  return followLatest({
    nats,
    stream,
    filter: 'loyalty.events.v1.*.program.changed',
    async handle({ subject, data }) {
      try {
        const { programId, revision } = fromBinary(ProgramChangedSchema, data);
        catalog.announce({ programId, revision });
      } catch (error) {
        // It would be as bad the next time, and the change is found within a second anyway.
        logger.error({ err: error, subject }, 'a change of a program could not be read');
      }
    },
    signal,
    logger,
  });
}
