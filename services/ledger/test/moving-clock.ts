import { createLogger } from '@loyalty/platform/logging.ts';
import { createPool } from '@loyalty/platform/postgres/pool.ts';
import { createChannel, createClient } from '@loyalty/platform/rpc/client.ts';
import { DeadLetterService } from '@loyalty/proto/loyalty/ledger/v1/dead_letter_service_pb.ts';
import { LedgerService } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { MembershipService } from '@loyalty/proto/loyalty/ledger/v1/membership_service_pb.ts';
import { RedemptionService } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import { verifyLedger } from '../src/verify/verify-ledger.ts';
import { startLedger } from '../src/wiring.ts';
import { type Setting, startSetting } from './running-ledger.ts';

const logger = createLogger({ name: 'test', level: process.env['TEST_LOG'] ?? 'silent' });

export const secondMs = 1_000;
export const dayMs = 24 * 60 * 60 * secondMs;

export type MovingSetting = Awaited<ReturnType<typeof startMovingSetting>>;

/** A setting whose clients call a second ledger, with a clock that the test moves forward. */
export async function startMovingSetting() {
  const setting = await startSetting();
  let aheadMs = 0;
  const clock = () => Date.now() + aheadMs;
  const first = await startClockedLedger(setting, clock);
  return {
    ...setting,
    clients: { ...setting.clients, ...first.clients },
    now: clock,
    letPass(ms: number) {
      aheadMs += ms;
    },
    /** One more ledger with the same clock. */
    startClockedReplica: () => startClockedLedger(setting, clock),
    /** Fails unless the journal, the balances and all that follows from them agree. */
    async stop() {
      await first.stop();
      try {
        await requireSoundBooks(setting.databaseUrl);
      } finally {
        await setting.stop();
      }
    },
  };
}

async function requireSoundBooks(url: string): Promise<void> {
  const pool = createPool({ url, max: 1, applicationName: 'test', logger });
  try {
    const violations = await verifyLedger(pool);
    const found = violations.map(({ id, name, offenders }) => `${id} ${name}: ${offenders.join()}`);
    if (found.length > 0) throw new Error(`The books are wrong. ${found.join('; ')}`);
  } finally {
    await pool.end();
  }
}

async function startClockedLedger({ config }: Setting, clock: () => number) {
  const ledger = await startLedger(config, logger, { clock });
  const services = [MembershipService, LedgerService, RedemptionService, DeadLetterService];
  const channel = createChannel({ address: `127.0.0.1:${ledger.grpcPort}`, services });
  return {
    clients: {
      memberships: createClient(MembershipService, channel),
      ledger: createClient(LedgerService, channel),
      redemptions: createClient(RedemptionService, channel),
      deadLetters: createClient(DeadLetterService, channel),
    },
    async stop() {
      channel.close();
      await ledger.stop();
    },
  };
}
