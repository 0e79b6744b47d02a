import { eventsStream } from '@loyalty/platform/messaging/streams.ts';
import { createChannel, createClient } from '@loyalty/platform/rpc/client.ts';
import { ProgramService } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import type { DeadLetters } from './app/dead-letters.ts';
import { createProgramCatalog, type ProgramCache } from './catalog/program-catalog.ts';
import { followProgramChanges } from './catalog/program-changes.ts';
import { createProgramFollower } from './catalog/program-follower.ts';
import { createProgramSource } from './catalog/program-source.ts';
import type { Runtime } from './runtime.ts';
import { createServiceToken } from './service-token.ts';
import { createProgramSnapshots } from './storage/program-snapshots.ts';

/** A catalog that can be kept up to date with the Programs service. */
export interface FollowedCatalog {
  readonly catalog: ProgramCache;
  /** Keeps the catalog up to date until the ledger stops. */
  follow(): Promise<void>[];
  /** Closes the connection to the Programs service. */
  close(): void;
}

export function createFollowedCatalog(
  { config, logger, clock, knex, nats, tls, signal }: Runtime,
  deadLetters: Pick<DeadLetters, 'makeDue'>,
): FollowedCatalog {
  const channel = createChannel({
    address: config.programs.address,
    services: [ProgramService],
    credentials: tls.channelCredentials,
  });
  const source = createProgramSource({
    client: createClient(ProgramService, channel),
    token: createServiceToken(config),
    signal,
  });
  const snapshots = createProgramSnapshots(knex);
  const catalog = createProgramCatalog({
    source,
    snapshots,
    logger,
    onChange(after, before) {
      if (after.state !== 'ACTIVE' || before.state === 'ACTIVE') return;
      deadLetters.makeDue(after.programId, clock()).catch((error: unknown) => {
        logger.warn({ err: error }, 'waiting messages could not be made due');
      });
    },
    signal,
  });
  const { run, wake } = createProgramFollower({ catalog, source, snapshots, logger, signal });
  return {
    catalog,
    follow: () => [
      run(),
      followProgramChanges({ nats, stream: eventsStream.name, wake, logger, signal }),
    ],
    close: () => channel.close(),
  };
}
