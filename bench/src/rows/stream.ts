// Purchases that arrive as messages of JetStream, until their events are published there.
import { create, toBinary } from '@bufbuild/protobuf';
import { EarnRequestedSchema } from '@loyalty/proto/loyalty/events/v1/earn_requested_pb.ts';
import {
  anyUser,
  anyUserId,
  memberCount,
  type PlanLoad,
  programId,
  purchaseOf,
  transactionIds,
} from '../load/earn-plan.ts';
import { frameTemplate } from '../load/frame-template.ts';
import { natsMessage } from '../load/nats-connection.ts';
import type { Row } from '../row.ts';
import { pgbench } from '../yardsticks/pgbench.ts';
import { ledgerContestant, verifyEarns } from './ledger-contestant.ts';
import { sharedLedgers } from './ledgers.ts';

const id = 'stream';
const inFlight = 2_000;

export const streamRow: Row = {
  id,
  title: `JetStream in, ${inFlight.toLocaleString('en')} messages from their publishing to that of their events, ${memberCount.toLocaleString('en')} members`,
  unit: 'earns',
  isShared: true,
  aims: [{ against: 'P', atLeast: 3 }],
  async prepare(bench) {
    const contestants = (await sharedLedgers(bench)).map((ledger) =>
      ledgerContestant(bench, ledger, {
        id,
        plan: plan(),
        address: new URL(ledger.services.nats.url).host,
        verify: (acknowledged) => verifyEarns(ledger, { prefix: `${id}:`, acknowledged }),
      }),
    );
    return { contestants, yardsticks: [await pgbench(bench)] };
  },
};

function plan(): PlanLoad {
  const ids = transactionIds(id);
  return (window, address) => {
    const transactionId = ids.nextRound();
    const message = create(EarnRequestedSchema, {
      programId,
      userId: anyUserId,
      transaction: purchaseOf(transactionId.first),
    });
    const request = natsMessage({
      subject: `loyalty.earn.v1.${programId}`,
      headers: { 'content-type': 'application/protobuf' },
      data: toBinary(EarnRequestedSchema, message),
    });
    return {
      target: {
        protocol: 'nats',
        address,
        eventSubject: `loyalty.events.v1.${programId}.points.earned`,
        prefix: transactionId.prefix,
      },
      template: frameTemplate(request, [transactionId, anyUser]),
      inFlight,
      itemsPerCall: 1,
      ...window,
    };
  };
}
