import { create, toBinary } from '@bufbuild/protobuf';
import {
  GetBalanceRequestSchema,
  LedgerService,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import type { Bench } from '../bench.ts';
import { anyUser, anyUserId, pathOf, programId } from '../load/earn-plan.ts';
import { frameTemplate, grpcFrame } from '../load/frame-template.ts';
import type { Contestant } from '../row.ts';
import { ledgerContestant } from './ledger-contestant.ts';
import { sharedLedgers } from './ledgers.ts';

export const balanceInFlight = 200;
const method = LedgerService.method.getBalance;

/** The contestants of the row `balance`, with which the gateway is compared. */
export function directBalance(bench: Bench): Promise<Contestant[]> {
  return bench.shared('balance', async () => {
    const token = await bench.machine.token('service');
    const message = create(GetBalanceRequestSchema, { programId, userId: anyUserId });
    const frame = grpcFrame(toBinary(GetBalanceRequestSchema, message));
    return (await sharedLedgers(bench)).map((ledger) =>
      ledgerContestant(bench, ledger, {
        id: 'balance',
        plan: (window, address) => ({
          target: { protocol: 'grpc', address, path: pathOf(method), token },
          template: frameTemplate(frame, [anyUser]),
          inFlight: balanceInFlight,
          itemsPerCall: 1,
          ...window,
        }),
      }),
    );
  });
}
