// The load of unary earns, which yardsticks take as well.
import { create, toBinary } from '@bufbuild/protobuf';
import { timestampNow } from '@bufbuild/protobuf/wkt';
import {
  EarnRequestSchema,
  LedgerService,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import type { Window } from '../row.ts';
import { frameTemplate, grpcFrame } from './frame-template.ts';
import { userIdPrefix, userIds, userIdWidth } from './members.ts';
import type { LoadPlan } from './run-load.ts';

export const programId = 'bench';
export const memberCount = 10_000;
export const users = userIds(memberCount);

/** A member of the request, which the load generator replaces by one at random. */
export const anyUserId = userIdPrefix + '0'.repeat(userIdWidth);
export const anyUser = { prefix: userIdPrefix, width: userIdWidth, below: memberCount };

export const earnsInFlight = 200;
/** What is described by `earns` in titles. */
export const earnLoad = `Earn, unary gRPC, ${earnsInFlight} in flight, ${memberCount.toLocaleString('en')} members`;

/** Plans a round; each brings transactions that weren't there before. */
export type PlanLoad = (window: Window, address: string) => LoadPlan;

/** The ids of one contestant's transactions: a prefix for the whole of each round, and ten digits. */
export function transactionIds(contestantId: string): {
  /** The prefix of its ids in all rounds. */
  readonly prefix: string;
  nextRound(): { readonly prefix: string; readonly width: 10; readonly first: string };
} {
  let round = 0;
  const width = 10;
  return {
    prefix: `${contestantId}:`,
    nextRound() {
      round += 1;
      const prefix = `${contestantId}:${round}:`;
      return { prefix, width, first: prefix + '0'.repeat(width) };
    },
  };
}

/** A purchase of 250.00 USD. */
export function purchaseOf(transactionId: string) {
  return {
    transactionId,
    occurTime: timestampNow(),
    amount: { currencyCode: 'USD', minorUnits: 25_000n },
  };
}

/** @param options.userId the member of all earns; any member by default */
export function earnPlanner(options: {
  contestantId: string;
  token: string;
  userId?: string;
  /** The number of members from which `any` is drawn. */
  members?: number;
  inFlight?: number;
  callsPerSecond?: () => number;
}): PlanLoad {
  const { contestantId, token, userId, members = memberCount, callsPerSecond } = options;
  const { method } = LedgerService;
  const ids = transactionIds(contestantId);
  return (window, address) => {
    const id = ids.nextRound();
    const message = create(EarnRequestSchema, {
      programId,
      userId: userId ?? anyUserId,
      transaction: purchaseOf(id.first),
    });
    const anyOf = { ...anyUser, below: members };
    return {
      target: { protocol: 'grpc', address, path: pathOf(method.earn), token },
      template: frameTemplate(grpcFrame(toBinary(EarnRequestSchema, message)), [
        id,
        ...(userId === undefined ? [anyOf] : []),
      ]),
      inFlight: options.inFlight ?? earnsInFlight,
      itemsPerCall: 1,
      ...(callsPerSecond !== undefined && { callsPerSecond: callsPerSecond() }),
      ...window,
    };
  };
}

/** `/package.Service/Method` */
export function pathOf(method: { parent: { typeName: string }; name: string }): string {
  return `/${method.parent.typeName}/${method.name}`;
}
