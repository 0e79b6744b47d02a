import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import {
  type GetProgramSnapshotResponse,
  GetProgramSnapshotResponseSchema,
} from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';

/**
 * All that the Programs service has told of a program, encoded piece by piece: to encode a large program as a whole
 * with each of its changes would hold up earns.
 */
export interface EncodedProgram {
  /** The program itself, the epoch and the revision. */
  readonly head: Uint8Array;
  /** Each a snapshot that has nothing but the one rule set or reward. */
  readonly ruleSets: ReadonlyMap<number, Uint8Array>;
  readonly rewards: ReadonlyMap<string, Uint8Array>;
}

/** A response on top of those before it: it has what has changed since then, or everything. */
export function encoded(
  { program, epoch, revision, ruleSets, rewards }: GetProgramSnapshotResponse,
  before?: EncodedProgram,
): EncodedProgram {
  return {
    head: piece({ epoch, revision, ...(program !== undefined && { program }) }),
    ruleSets: new Map([
      ...(before?.ruleSets ?? []),
      ...ruleSets.map((ruleSet) => [ruleSet.version, piece({ ruleSets: [ruleSet] })] as const),
    ]),
    rewards: new Map([
      ...(before?.rewards ?? []),
      ...rewards.map((reward) => [reward.rewardId, piece({ rewards: [reward] })] as const),
    ]),
  };
}

function piece(snapshot: MessageInitShape<typeof GetProgramSnapshotResponseSchema>): Uint8Array {
  return toBinary(
    GetProgramSnapshotResponseSchema,
    create(GetProgramSnapshotResponseSchema, snapshot),
  );
}

/** The whole snapshot: of encoded messages, one behind the other, a decoder makes one with all that they repeat. */
export function snapshotBytes({ head, ruleSets, rewards }: EncodedProgram): Uint8Array {
  return Buffer.concat([head, ...ruleSets.values(), ...rewards.values()]);
}
