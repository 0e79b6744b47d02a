import { ensureDatabase } from '@loyalty/local/databases.ts';
import { unusedPort } from '@loyalty/local/port-check.ts';
import { type ChildService, host, startChildService } from './child-service.ts';
import type { Stage } from './stage.ts';

export interface LoyaltyServices {
  readonly programs: ChildService;
  readonly ledger: ChildService;
  readonly ledgerDatabaseUrl: string;
}

/** Starts the two services as they are run in production. `ledgerNodeArgs` are for a profiler. */
export async function startLoyaltyServices(
  stage: Stage,
  ledgerNodeArgs: readonly string[],
): Promise<LoyaltyServices> {
  const programsDatabaseUrl = await ensureDatabase(stage.postgres, 'programs');
  const ledgerDatabaseUrl = await ensureDatabase(stage.postgres, 'ledger');
  const ledgerPort = await unusedPort();
  const programs = await startChildService(stage, {
    name: 'programs',
    main: 'services/programs/src/main.ts',
    settings: ({ grpcPort, httpPort }) => ({
      env: {
        ...commonSettings('PROGRAMS_', stage),
        PROGRAMS_GRPC_PORT: String(grpcPort),
        PROGRAMS_HTTP_PORT: String(httpPort),
        PROGRAMS_DATABASE_URL: programsDatabaseUrl,
        PROGRAMS_LEDGER_ADDRESS: `${host}:${ledgerPort}`,
      },
    }),
  });
  const ledger = await startChildService(stage, {
    name: 'ledger',
    main: 'services/ledger/src/main.ts',
    nodeArgs: ledgerNodeArgs,
    grpcPort: ledgerPort,
    settings: ({ grpcPort, httpPort }) => ({
      env: {
        ...commonSettings('LEDGER_', stage),
        LEDGER_GRPC_PORT: String(grpcPort),
        LEDGER_HTTP_PORT: String(httpPort),
        LEDGER_DATABASE_URL: ledgerDatabaseUrl,
        LEDGER_PROGRAMS_ADDRESS: programs.address,
      },
    }),
  });
  return { programs, ledger, ledgerDatabaseUrl };
}

function commonSettings(prefix: string, { tokens, nats }: Stage): Record<string, string> {
  return {
    [`${prefix}HOST`]: host,
    [`${prefix}NATS_URL`]: nats.url,
    [`${prefix}JWT_ISSUER`]: tokens.issuer,
    [`${prefix}JWT_AUDIENCE`]: tokens.audience,
    [`${prefix}JWT_SECRET`]: tokens.secret,
    [`${prefix}SHUTDOWN_GRACE_SECONDS`]: '5',
  };
}
