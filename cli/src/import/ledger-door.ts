import type { MessageShape } from '@bufbuild/protobuf';
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { isReasoned, ServiceUnavailable, StorageUnavailable } from '@loyalty/platform/errors.ts';
import { createChannel, createClient } from '@loyalty/platform/rpc/client.ts';
import {
  type BatchEarnOutcomeSchema,
  LedgerService,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { MembershipService } from '@loyalty/proto/loyalty/ledger/v1/membership_service_pb.ts';
import { ErrorReasonSchema } from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';
import { isPassingReason } from './patience.ts';
import type { PurchaseLine } from './purchases.ts';
import type { Outcome } from './tally.ts';

/** The ledger's gRPC door, as far as an import needs it. Both calls may be repeated without harm. */
export interface LedgerDoor {
  /** Makes the user a member; one who can't be, such as a suspended one, is left to the refusal of the earns. */
  join(userId: string): Promise<void>;
  /** Credits purchases that aren't credited yet and answers an outcome for each, in their order. */
  credit(purchases: readonly PurchaseLine[]): Promise<Outcome[]>;
  close(): void;
}

export function openLedger(options: {
  address: string;
  token: string;
  programId: string;
}): LedgerDoor {
  const { address, token, programId } = options;
  const channel = createChannel({ address, services: [LedgerService, MembershipService] });
  const ledger = createClient(LedgerService, channel);
  const memberships = createClient(MembershipService, channel);
  // What grpc-js says of a lost connection helps nobody.
  const reached = async <Result>(call: Promise<Result>): Promise<Result> => {
    try {
      return await call;
    } catch (error) {
      if (!isReasoned(error) || error.reason !== 'SERVICE_UNAVAILABLE') throw error;
      throw new ServiceUnavailable(`The ledger at ${address} can't be reached`, { cause: error });
    }
  };
  return {
    async join(userId) {
      try {
        await reached(memberships.joinProgram({ programId, userId }, { token }));
      } catch (error) {
        if (!isReasoned(error) || !error.reason.startsWith('MEMBERSHIP_')) throw error;
      }
    },
    async credit(purchases) {
      const earns = purchases.map(({ purchase: { userId, transaction } }) =>
        transaction === undefined ? { userId } : { userId, transaction },
      );
      const { outcomes } = await reached(ledger.batchEarn({ programId, earns }, { token }));
      if (outcomes.length !== purchases.length) throw new Error('The ledger left out outcomes');
      return outcomes.map(readOutcome);
    },
    close: () => channel.close(),
  };
}

function readOutcome({ result }: MessageShape<typeof BatchEarnOutcomeSchema>): Outcome {
  switch (result.case) {
    case 'success': {
      const { earn, replayed } = result.value;
      return { kind: 'credited', replayed, postTimeNs: nanoseconds(earn?.postTime) };
    }
    case 'failure': {
      const { message } = result.value;
      const reason = ErrorReasonSchema.value[result.value.reason]?.name ?? 'INTERNAL';
      // The whole batch is repeated, which changes nothing for those of it that had an outcome.
      if (isPassingReason(reason)) throw new StorageUnavailable(message);
      return { kind: 'refused', reason, message };
    }
    case undefined:
      throw new Error('The ledger answered a transaction without an outcome');
  }
}

function nanoseconds(time: Timestamp | undefined): bigint {
  return time === undefined ? 0n : time.seconds * 1_000_000_000n + BigInt(time.nanos);
}
