import { create } from '@bufbuild/protobuf';
import { validatorOf } from '@loyalty/platform/rpc/validation.ts';
import { JoinProgramRequestSchema } from '@loyalty/proto/loyalty/ledger/v1/membership_service_pb.ts';
import type { MemberName } from '../app/ledger-store.ts';
import { InvalidCommand } from '../domain/errors.ts';
import { requireText } from './text.ts';

export type Attributes = Readonly<Record<string, string>>;

/**
 * Checks a member's attributes for what the database can't hold.
 *
 * @param path names them in errors
 * @throws {InvalidCommand}
 */
export function requireStorable(attributes: Attributes, path: string): void {
  for (const [key, value] of Object.entries(attributes)) {
    requireText({ [path]: key, [`${path}[${JSON.stringify(key)}]`]: value });
  }
}

const validate = validatorOf(JoinProgramRequestSchema);

/**
 * Checks new attributes of a member by the rules for those that are given on joining: a membership as the contract
 * has it is an answer, and has no rules.
 *
 * @throws {InvalidCommand}
 */
export function requireAsOnJoining(
  { programId, userId }: MemberName,
  attributes: Attributes,
  path: string,
): void {
  try {
    validate(create(JoinProgramRequestSchema, { programId, userId, attributes }));
  } catch (error) {
    const { violations } = error as Partial<InvalidCommand>;
    if (violations === undefined) throw error;
    throw new InvalidCommand(
      violations.map(({ field, message }) => ({
        field: field.replace(/^attributes/, path),
        message,
      })),
    );
  }
  requireStorable(attributes, path);
}
