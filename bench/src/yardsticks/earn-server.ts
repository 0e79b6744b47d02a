import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { createTokenVerifier } from '@loyalty/platform/auth/tokens.ts';
import { runService } from '@loyalty/platform/lifecycle.ts';
import { createLogger, type Logger } from '@loyalty/platform/logging.ts';
import {
  type Handler,
  type Handlers,
  implement,
  unimplemented,
} from '@loyalty/platform/rpc/handler.ts';
import { createRpcServer } from '@loyalty/platform/rpc/server.ts';
import { createRegistry } from '@loyalty/platform/telemetry/metrics.ts';
import { allocateAmongTheYoung } from '@loyalty/platform/young-objects.ts';
import { Earn_State } from '@loyalty/proto/loyalty/ledger/v1/earn_pb.ts';
import {
  type EarnRequest,
  type EarnResponseSchema,
  LedgerService,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import type { TokenSettings } from '../machine/bench-machine.ts';

/** The options of a yardstick's process, as JSON in its first argument. */
export interface EarnServerSettings {
  host: string;
  grpcPort: number;
  httpPort: number;
  managementPort: number;
  tokens: TokenSettings;
}

export type EarnHandler = Handler<typeof LedgerService.method.earn>;

/** Serves `Earn` over the transports of the real services, with their pipeline and log. */
export async function runEarnServer(options: {
  name: string;
  settings: EarnServerSettings;
  start: (logger: Logger) => Promise<{ earn: EarnHandler; stop: () => Promise<void> }>;
}): Promise<void> {
  allocateAmongTheYoung();
  const { name, settings, start } = options;
  const { host, grpcPort, httpPort, managementPort, tokens } = settings;
  const logger = createLogger({ name, level: 'info' });
  await runService({
    name,
    logger,
    start: async () => {
      const { earn, stop } = await start(logger);
      const server = createRpcServer({
        name,
        logger,
        verifier: createTokenVerifier(tokens),
        services: [implement(LedgerService, { ...unserved, earn })],
        grpc: { host, port: grpcPort },
        http: { host, port: httpPort },
        management: { host, port: managementPort },
        readiness: () => Promise.resolve(),
        defaultDeadlineMs: 10_000,
        metrics: createRegistry({ service: name }),
      });
      await server.start();
      return {
        ready: () => undefined,
        stop: async () => {
          await server.stop(1000);
          await stop();
        },
      };
    },
  });
}

const unserved = Object.fromEntries(
  LedgerService.methods.map(({ localName }) => [localName, unimplemented]),
) as unknown as Handlers<typeof LedgerService>;

/** A response like the ledger's, so that the transports have the same to encode. */
export function earnResponse(
  { programId, userId, transaction }: EarnRequest,
  { points, balance }: { points: bigint; balance: bigint },
): MessageInitShape<typeof EarnResponseSchema> {
  const now = timestampFromMs(Date.now());
  return {
    earn: {
      programId,
      userId,
      transactionId: transaction?.transactionId ?? '',
      state: Earn_State.POSTED,
      points,
      ruleSetVersion: 1,
      explanation: [{ ruleId: 'base', points: String(points), note: '' }],
      availableTime: now,
      postTime: now,
      ...(transaction && { transaction }),
    },
    balance: { available: balance, lifetimeEarned: balance },
  };
}

/** Five points for each 100.00. */
export function pointsFor({ transaction }: EarnRequest): bigint {
  return ((transaction?.amount?.minorUnits ?? 0n) / 10_000n) * 5n;
}

/** The settings that the parent gave. */
export function readSettings<Settings extends EarnServerSettings>(): Settings {
  return JSON.parse(process.argv[2] ?? '{}') as Settings;
}
