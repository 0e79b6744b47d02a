import type { MessageInitShape } from '@bufbuild/protobuf';
import { createLoyaltyClient } from '@loyalty/client/loyalty-client.ts';
import type { ChannelCredentials } from '@loyalty/platform/rpc/client.ts';
import {
  Program_State,
  Program_StateSchema,
} from '@loyalty/proto/loyalty/programs/v1/program_pb.ts';
import type { TransactionSchema } from '@loyalty/proto/loyalty/programs/v1/transaction_pb.ts';
import { createZoneClock, type ZoneClock } from '@loyalty/rules/zone-clock.ts';
import { naming } from '../service-calls/service-naming.ts';
import { ProgramRefused } from './program-refused.ts';

/** What an import has to know about its program. */
export interface ProgramFacts {
  /** Of its time zone. */
  readonly clock: ZoneClock;
  readonly isActive: boolean;
  /** Such as ACTIVE. */
  readonly state: string;
  /** What its points are called, more than one of them. */
  readonly pointsName: string;
}

/** The calls of the programs service that an import makes. */
export interface ProgramsClient {
  program(): Promise<ProgramFacts>;
  /** The points that a purchase would give someone who has just joined. */
  preview(transaction: MessageInitShape<typeof TransactionSchema>): Promise<bigint>;
  close(): void;
}

/** @throws {ServiceUnavailable} {@link LoyaltyError} from all calls */
export function openPrograms(options: {
  address: string;
  credentials: ChannelCredentials;
  token: string;
  programId: string;
}): ProgramsClient {
  const { address, credentials, token, programId } = options;
  // Few attempts: the import itself says that it waits for a service, and goes on waiting.
  const retries = { attemptsMax: 4 };
  const client = createLoyaltyClient({
    programsAddress: address,
    tls: credentials,
    token,
    retries,
  });
  const { programs } = client;
  const reached = naming(`The programs service at ${address}`);
  return {
    async program() {
      const { program } = await reached(programs.getProgram({ programId }));
      const state = program?.state ?? Program_State.STATE_UNSPECIFIED;
      return {
        clock: createZoneClock(program?.timeZone ?? ''),
        isActive: state === Program_State.ACTIVE,
        state: Program_StateSchema.value[state]?.name ?? 'UNKNOWN',
        pointsName: program?.unit?.plural ?? 'points',
      };
    },
    async preview(purchase) {
      const request = { programId, transaction: purchase };
      return (await reached(programs.previewEarn(request))).points;
    },
    close: () => client.close(),
  };
}

/** @throws {ProgramRefused} when the program takes no purchases and no members now */
export function requireActive({ isActive, state }: ProgramFacts, programId: string): void {
  if (!isActive) throw new ProgramRefused(`The program ${programId} is ${state}, not ACTIVE`);
}
