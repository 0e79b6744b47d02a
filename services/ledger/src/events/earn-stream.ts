import { create, toBinary } from '@bufbuild/protobuf';
import type { Publisher } from '@loyalty/platform/messaging/publisher.ts';
import { EarnRequestedSchema } from '@loyalty/proto/loyalty/events/v1/earn_requested_pb.ts';
import type { EarnStream } from '../app/earn-stream.ts';
import { headerText } from '../messages/header-text.ts';
import { earnSubject } from './streams.ts';

/**
 * Reports purchases as any backend could. Without a Nats-Msg-Id: the stream would silently drop a corrected report
 * with the same one, whereas the ledger returns the same result for a repeat, and keeps a conflict as a dead letter.
 */
export function createEarnStream(publisher: Publisher): EarnStream {
  return {
    async publish({ programId, userId, purchase }, { actor, requestId }) {
      const requested = create(EarnRequestedSchema, { programId, userId, transaction: purchase });
      await publisher.publish({
        subject: earnSubject(programId),
        data: toBinary(EarnRequestedSchema, requested),
        headers: {
          'content-type': 'application/protobuf',
          'x-request-id': requestId,
          'x-actor': headerText(actor),
        },
      });
    },
  };
}
