import { randomUUID } from 'node:crypto';
import {
  type CallOptions,
  type ChannelCredentials,
  type Client,
  createChannel,
  createClient,
} from '@loyalty/platform/rpc/client.ts';
import { ProgramService } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import { RewardService } from '@loyalty/proto/loyalty/programs/v1/reward_service_pb.ts';
import { RuleSetService } from '@loyalty/proto/loyalty/programs/v1/rule_set_service_pb.ts';

/** The programs service. Its methods throw {@link RemoteError}, with the fields of violations by their JSON names. */
export interface ProgramsApi {
  readonly programs: Client<typeof ProgramService>;
  readonly ruleSets: Client<typeof RuleSetService>;
  readonly rewards: Client<typeof RewardService>;
  /** Options of a call, with a request id that is recognized as one of this run, see {@link isOfRun}. */
  call(): CallOptions;
  /** Whether a call of this run had the request id. */
  isOfRun(requestId: string): boolean;
  close(): void;
}

const requestIdPrefix = 'loyalty-programs:';

/** Whether any run of this command made a call with the request id. */
export function isOfAnyRun(requestId: string): boolean {
  return requestId.startsWith(requestIdPrefix);
}

export function openProgramsApi(options: {
  address: string;
  credentials: ChannelCredentials;
  token: string;
}): ProgramsApi {
  const { address, credentials, token } = options;
  const services = [ProgramService, RuleSetService, RewardService];
  const channel = createChannel({ address, services, credentials });
  const run = `${requestIdPrefix}${randomUUID()}`;
  let calls = 0;
  return {
    programs: createClient(ProgramService, channel),
    ruleSets: createClient(RuleSetService, channel),
    rewards: createClient(RewardService, channel),
    call() {
      calls += 1;
      return { token, requestId: `${run}:${calls}`, fieldNames: 'json' };
    },
    isOfRun: (requestId) => requestId.startsWith(`${run}:`),
    close: () => channel.close(),
  };
}

/** Everything in a list, page by page. */
export async function allPages<Item>(
  page: (pageToken: string) => Promise<{ items: readonly Item[]; nextPageToken: string }>,
): Promise<Item[]> {
  const all: Item[] = [];
  for (let pageToken = ''; ; ) {
    const { items, nextPageToken } = await page(pageToken);
    all.push(...items);
    if (nextPageToken === '') return all;
    pageToken = nextPageToken;
  }
}

/** The most that a page can have. */
export const pageSize = 500;
