import { toBinary } from '@bufbuild/protobuf';
import { createLogger } from '@loyalty/platform/logging.ts';
import { connectNats } from '@loyalty/platform/messaging/connection.ts';
import { createPublisher } from '@loyalty/platform/messaging/publisher.ts';
import {
  type EarnRequested,
  EarnRequestedSchema,
} from '@loyalty/proto/loyalty/events/v1/earn_requested_pb.ts';

/** The stream that backends report transactions on. */
export interface StreamDoor {
  /** Resolves with the event's sequence when the stream has stored it. */
  publish(purchase: EarnRequested): Promise<number>;
  backlog(): Promise<Backlog>;
  close(): Promise<void>;
}

/** What the ledger hasn't taken from the stream yet. */
export interface Backlog {
  /** Events of this program, whoever published them. */
  count: number;
  /** The oldest event of all programs. */
  firstSequence: number;
}

const headers = { 'Content-Type': 'application/protobuf' };

export function openStream(options: { url: string; programId: string }): StreamDoor {
  const subject = `loyalty.earn.v1.${options.programId}`;
  // Whoever publishes learns of trouble by its errors.
  const logger = createLogger({ name: 'loyalty', level: 'silent' });
  const nats = connectNats({ url: options.url, name: 'loyalty import', logger });
  const publisher = createPublisher(nats);
  return {
    async publish(purchase) {
      // No Nats-Msg-Id: the ledger's own key is the deduplication.
      const data = toBinary(EarnRequestedSchema, purchase);
      return (await publisher.publish({ subject, data, headers })).sequence;
    },
    async backlog() {
      const connection = await nats.connection({ timeoutMs: 5_000 });
      const { streams } = await connection.jetstreamManager();
      const name = await streams.find(subject);
      const { state } = await streams.info(name, { subjects_filter: subject });
      return { count: state.subjects?.[subject] ?? 0, firstSequence: state.first_seq };
    },
    close: () => nats.close(),
  };
}
