// What the gateway serves, read from the contracts as any other client could.
import { type DescMethod, getOption, hasOption } from '@bufbuild/protobuf';
import { http } from '@loyalty/proto/google/api/annotations_pb.ts';
import { DeadLetterService } from '@loyalty/proto/loyalty/ledger/v1/dead_letter_service_pb.ts';
import { LedgerService } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { MembershipService } from '@loyalty/proto/loyalty/ledger/v1/membership_service_pb.ts';
import { RedemptionService } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import { ProgramService } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import { RewardService } from '@loyalty/proto/loyalty/programs/v1/reward_service_pb.ts';
import { RuleSetService } from '@loyalty/proto/loyalty/programs/v1/rule_set_service_pb.ts';
import { WebhookService } from '@loyalty/proto/loyalty/webhooks/v1/webhook_service_pb.ts';

/** A method that has a route. */
export interface GatewayOperation {
  /** Such as `getBalance`. */
  readonly operationId: string;
  /** Such as `GET`. */
  readonly httpMethod: string;
  /** Such as `/v1/programs/{programId}:activate`, with the JSON names of fields. */
  readonly path: string;
}

const services = [
  ProgramService,
  RuleSetService,
  RewardService,
  MembershipService,
  LedgerService,
  RedemptionService,
  DeadLetterService,
  WebhookService,
];

/** All operations of the gateway, in the order of the contracts. */
export const gatewayOperations: readonly GatewayOperation[] = services.flatMap(({ methods }) =>
  methods.flatMap((method) => (hasOption(method, http) ? [operationOf(method)] : [])),
);

function operationOf(method: DescMethod): GatewayOperation {
  const { pattern } = getOption(method, http);
  if (pattern.case === undefined || pattern.case === 'custom') {
    throw new Error(`${method.name} has no plain route`);
  }
  return {
    operationId: method.localName,
    httpMethod: pattern.case.toUpperCase(),
    path: pattern.value.replace(
      /\{(\w+)\}/g,
      (_, name: string) =>
        `{${method.input.fields.find((field) => field.name === name)?.jsonName ?? name}}`,
    ),
  };
}

/**
 * The path with its fields filled in.
 *
 * @throws {Error} naming the field that has no value
 */
export function expandedPath(
  { operationId, path }: GatewayOperation,
  values: Readonly<Record<string, string>>,
): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`${operationId} needs ${name}`);
    return encodeURIComponent(value);
  });
}
