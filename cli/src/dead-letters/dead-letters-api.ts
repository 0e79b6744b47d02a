import { randomUUID } from 'node:crypto';
import {
  type CallOptions,
  type ChannelCredentials,
  type Client,
  createChannel,
  createClient,
} from '@loyalty/platform/rpc/client.ts';
import type {
  DeadLetter,
  DeadLetter_State,
} from '@loyalty/proto/loyalty/ledger/v1/dead_letter_pb.ts';
import { DeadLetterService } from '@loyalty/proto/loyalty/ledger/v1/dead_letter_service_pb.ts';
import type { ErrorReason } from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';
import { naming } from '../service-calls/service-naming.ts';

/** Which dead letters are meant. */
export interface Selection {
  /** All when absent. */
  readonly programId?: string | undefined;
  readonly state?: DeadLetter_State | undefined;
  readonly reason?: ErrorReason | undefined;
}

/** The ledger's dead letters. All methods throw {@link RemoteError}, and {@link ServiceUnavailable} naming the ledger. */
export interface DeadLettersApi {
  /** Page by page, the newest first, without payloads. */
  list(selection: Selection): AsyncGenerator<readonly DeadLetter[]>;
  get(deadLetterId: string): Promise<DeadLetter>;
  /** Returns it as it is after the attempt. */
  replay(deadLetterId: string, why: string): Promise<DeadLetter>;
  discard(deadLetterId: string, why: string): Promise<DeadLetter>;
  close(): void;
}

/** The most that a page can have. */
const pageSize = 500;

export function openDeadLetters(options: {
  address: string;
  credentials: ChannelCredentials;
  token: string;
}): DeadLettersApi {
  const { address, credentials, token } = options;
  const channel = createChannel({ address, services: [DeadLetterService], credentials });
  const client: Client<typeof DeadLetterService> = createClient(DeadLetterService, channel);
  const reached = naming(`The ledger at ${address}`);
  const call = (): CallOptions => ({ token, requestId: `loyalty-dead-letters:${randomUUID()}` });
  return {
    async *list({ programId = '', state, reason }) {
      for (let pageToken = ''; ; ) {
        const page = { pageSize, pageToken };
        const wanted = {
          programId,
          ...(state !== undefined && { state }),
          ...(reason !== undefined && { reason }),
        };
        const { deadLetters, nextPageToken } = await reached(
          client.listDeadLetters({ ...wanted, ...page }, call()),
        );
        if (deadLetters.length > 0) yield deadLetters;
        if (nextPageToken === '') return;
        pageToken = nextPageToken;
      }
    },
    get: async (deadLetterId) =>
      present(await reached(client.getDeadLetter({ deadLetterId }, call()))),
    replay: async (deadLetterId, why) =>
      present(await reached(client.replayDeadLetter({ deadLetterId, why }, call()))),
    discard: async (deadLetterId, why) =>
      present(await reached(client.discardDeadLetter({ deadLetterId, why }, call()))),
    close: () => channel.close(),
  };
}

function present({ deadLetter }: { deadLetter?: DeadLetter | undefined }): DeadLetter {
  if (deadLetter === undefined) throw new Error('The ledger left out the dead letter');
  return deadLetter;
}
