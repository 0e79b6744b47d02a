import { fromBinary } from '@bufbuild/protobuf';
import type { Logger } from '@loyalty/platform/logging.ts';
import type { Nats } from '@loyalty/platform/messaging/connection.ts';
import { followLatest } from '@loyalty/platform/messaging/consumer.ts';
import { ProgramChangedSchema } from '@loyalty/proto/loyalty/events/v1/program_changed_pb.ts';
import type { KeptCatalog } from './program-catalog.ts';

/**
 * Tells the catalog of every change of a program, until the signal aborts. It begins with the last change of each, so
 * that nothing is missed while the ledger was cut off.
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
        // It would be as bad the next time; the catalog asks again by itself within a minute.
        logger.error({ err: error, subject }, 'a change of a program could not be read');
      }
    },
    signal,
    logger,
  });
}
