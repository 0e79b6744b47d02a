import type { Logger } from './logging.ts';
import { connectNats, type Nats } from './messaging/connection.ts';
import type { StreamOptions } from './messaging/jetstream.ts';
import { createDatabaseProbe, type DatabaseProbe } from './postgres/probe.ts';
import type { Cleanups } from './running-service.ts';
import type { ServiceConfig } from './service-config.ts';
import { openTls, type Tls } from './tls/tls.ts';

export interface ServiceConnections {
  readonly tls: Tls;
  readonly nats: Nats;
  readonly probe: DatabaseProbe;
}

/**
 * Opens what every service has besides its pools: certificates, NATS, and a probe of its database. They are closed after
 * what uses them.
 *
 * @throws {ConfigError} when a certificate can't be used
 */
export async function openConnections(
  config: Pick<ServiceConfig, 'tls' | 'nats'>,
  {
    name,
    databaseUrl,
    streams,
    logger,
  }: {
    /** Shown by PostgreSQL and NATS. */
    name: string;
    /** Must have the settings of the service's own connections. */
    databaseUrl: string;
    streams: readonly StreamOptions[];
    logger: Logger;
  },
  cleanups: Cleanups,
): Promise<ServiceConnections> {
  const tls = await openTls(config.tls, { logger });
  cleanups.push(() => tls.close());
  const nats = connectNats({ ...config.nats, name, streams, logger });
  cleanups.push(() => nats.close());
  const probe = createDatabaseProbe({ url: databaseUrl, applicationName: name });
  cleanups.push(() => probe.close());
  return { tls, nats, probe };
}
