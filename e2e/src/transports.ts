// The platform as different clients see it. Only one of them belongs to the platform.
import { execFile, execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  create,
  type DescFile,
  type DescMessage,
  fromBinary,
  fromJson,
  type MessageShape,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { createLoyaltyClient, type LoyaltyClient } from '@loyalty/client/loyalty-client.ts';
import { LoyaltyError } from '@loyalty/client/loyalty-error.ts';
import type { Platform } from '@loyalty/local/running-platform.ts';
import { root } from '@loyalty/local/settings.ts';
import { ErrorInfoSchema } from '@loyalty/proto/google/rpc/error_details_pb.ts';
import { StatusSchema } from '@loyalty/proto/google/rpc/status_pb.ts';
import { LedgerService } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { BalanceSchema, MembershipSchema } from '@loyalty/proto/loyalty/ledger/v1/membership_pb.ts';
import { MembershipService } from '@loyalty/proto/loyalty/ledger/v1/membership_service_pb.ts';
import { RedemptionService } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import { TransactionSchema } from '@loyalty/proto/loyalty/programs/v1/transaction_pb.ts';

export type Json = { [name: string]: Json } | Json[] | string | number | boolean | null;
export type JsonObject = Record<string, Json>;

/** The response in proto3 JSON, or the reason of an error. Only the gateway writes 64-bit integers as numbers. */
export type Outcome =
  | { ok: true; body: JsonObject }
  | { ok: false; reason: string; metadata: Record<string, string> };

/** The calls of a client over one transport. Each has the token of its caller. */
export interface Transport {
  join(token: string, request: { programId: string; userId: string }): Promise<Outcome>;
  earn(token: string, request: EarnRequest): Promise<Outcome>;
  balance(token: string, request: { programId: string; userId: string }): Promise<Outcome>;
  redeem(token: string, request: RedeemRequest): Promise<Outcome>;
}

export interface EarnRequest {
  programId: string;
  userId: string;
  transaction: JsonObject;
}

export interface RedeemRequest {
  programId: string;
  userId: string;
  rewardId: string;
  idempotencyKey: string;
}

/** HTTP and JSON at the gateway. */
export function gatewayTransport({ env }: Platform): Transport {
  const call = async (token: string, path: string, body?: object, headers = {}) => {
    const response = await fetch(`${env['LOYALTY_URL']}/v1/programs/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        Authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const received = (await response.json()) as JsonObject;
    if (response.ok) return { ok: true, body: received } as const;
    const { reason, metadata } = received as { reason: string; metadata: Record<string, string> };
    return { ok: false, reason, metadata } as const;
  };
  return {
    join: (token, { programId, userId }) => call(token, `${programId}/members`, { userId }),
    earn: (token, { programId, ...body }) => call(token, `${programId}/earns`, body),
    balance: (token, { programId, userId }) =>
      call(token, `${programId}/members/${encodeURIComponent(userId)}/balance`),
    redeem: (token, { programId, userId, rewardId, idempotencyKey }) =>
      call(
        token,
        `${programId}/members/${encodeURIComponent(userId)}/redemptions`,
        { rewardId },
        { 'Idempotency-Key': idempotencyKey },
      ),
  };
}

/** Calls a method of a service of the ledger, such as `LedgerService/Earn`. */
type Call = (token: string, method: string, request: JsonObject) => Promise<Outcome>;

/** Unwraps the fields of a response that the gateway unwraps. */
function rpcTransport(call: Call): Transport {
  const unwrapped = async (outcome: Promise<Outcome>, field: string): Promise<Outcome> => {
    const { ...result } = await outcome;
    return result.ok ? { ok: true, body: result.body[field] as JsonObject } : result;
  };
  return {
    join: (token, request) =>
      unwrapped(call(token, 'MembershipService/JoinProgram', request), 'membership'),
    earn: (token, request) => call(token, 'LedgerService/Earn', { ...request }),
    balance: (token, request) =>
      unwrapped(call(token, 'LedgerService/GetBalance', request), 'balance'),
    redeem: (token, request) => call(token, 'RedemptionService/Redeem', { ...request }),
  };
}

interface ErrorDetail {
  type: string;
  value: string;
}

/** Connect over HTTP/1.1: what curl can do. */
export function connectTransport({ ledgerHttp }: Platform): Transport {
  return rpcTransport(async (token, method, request) => {
    const response = await fetch(`${ledgerHttp}/loyalty.ledger.v1.${method}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(request),
    });
    const body = (await response.json()) as JsonObject;
    return response.ok ? { ok: true, body } : refusal(body);
  });
}

/** gRPC by the package that backends install. */
export function clientTransport({ env }: Platform): Transport {
  const outcomeOf = async <Desc extends DescMessage>(
    token: string,
    schema: Desc,
    call: (client: LoyaltyClient) => Promise<MessageShape<Desc> | undefined>,
  ): Promise<Outcome> => {
    const client = createLoyaltyClient({ ledgerAddress: env['LOYALTY_LEDGER_GRPC'], token });
    try {
      const message = (await call(client)) ?? create(schema);
      return { ok: true, body: toJson(schema, message) as JsonObject };
    } catch (error) {
      if (!(error instanceof LoyaltyError)) throw error;
      return { ok: false, reason: error.reason, metadata: { ...error.metadata } };
    } finally {
      client.close();
    }
  };
  return {
    join: (token, request) =>
      outcomeOf(token, MembershipSchema, async ({ memberships }) => {
        return (await memberships.joinProgram(request)).membership;
      }),
    earn: (token, { transaction, ...request }) =>
      outcomeOf(token, LedgerService.method.earn.output, ({ ledger }) =>
        ledger.earn({ ...request, transaction: fromJson(TransactionSchema, transaction) }),
      ),
    balance: (token, request) =>
      outcomeOf(
        token,
        BalanceSchema,
        async ({ ledger }) => (await ledger.getBalance(request)).balance,
      ),
    redeem: (token, request) =>
      outcomeOf(token, RedemptionService.method.redeem.output, ({ redemptions }) =>
        redemptions.redeem(request),
      ),
  };
}

/** gRPC by buf, which learns the methods by reflection. */
export function bufTransport({ env }: Platform): Transport {
  return rpcTransport(async (token, method, request) => {
    const args = [
      ...['curl', '--protocol', 'grpc', '--http2-prior-knowledge'],
      ...['-H', `Authorization: Bearer ${token}`, '-d', JSON.stringify(request)],
      `http://${env['LOYALTY_LEDGER_GRPC']}/loyalty.ledger.v1.${method}`,
    ];
    try {
      const { stdout } = await promisify(execFile)(buf, args);
      return { ok: true, body: JSON.parse(stdout) as JsonObject };
    } catch (error) {
      const { stderr } = error as { stderr: string };
      return refusal(JSON.parse(stderr) as JsonObject);
    }
  });
}

/** The Python on this machine that has grpcio, if one has. */
export const pythonWithGrpc = ['/usr/bin/python3', 'python3'].find(hasGrpc);

/**
 * gRPC by Python's grpcio.
 *
 * @throws {Error} where there is no {@link pythonWithGrpc}
 */
export function pythonTransport({ env, directory }: Platform): Transport {
  if (pythonWithGrpc === undefined) throw new Error("Python's grpcio is not installed");
  const python = pythonWithGrpc;
  const contracts = join(directory, 'contracts.binpb');
  writeFileSync(contracts, contractsOfLedger());
  return rpcTransport(async (token, method, request) => {
    const address = env['LOYALTY_LEDGER_GRPC'] ?? '';
    const { stdout } = await promisify(execFile)(python, [
      join(import.meta.dirname, 'grpc_call.py'),
      ...[contracts, address, `loyalty.ledger.v1.${method}`, token, JSON.stringify(request)],
    ]);
    return JSON.parse(stdout) as Outcome;
  });
}

/** The ledger's contracts and all that they import, each file after those that it imports. */
function contractsOfLedger(): Uint8Array {
  const files = new Set<DescFile>();
  const add = (file: DescFile) => {
    file.dependencies.forEach(add);
    files.add(file);
  };
  for (const service of [LedgerService, MembershipService, RedemptionService]) add(service.file);
  add(StatusSchema.file);
  add(ErrorInfoSchema.file);
  const file = [...files].map(({ proto }) => proto);
  return toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file }));
}

function hasGrpc(python: string): boolean {
  try {
    execFileSync(python, ['-c', 'import grpc, google.protobuf'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const buf = join(root, 'node_modules/.bin/buf');

function refusal(error: JsonObject): Outcome {
  const details = (error['details'] ?? []) as unknown as ErrorDetail[];
  const detail = details.find(({ type }) => type === ErrorInfoSchema.typeName);
  if (detail === undefined) throw new Error(`An error without a reason: ${JSON.stringify(error)}`);
  const { reason, metadata } = fromBinary(ErrorInfoSchema, Buffer.from(detail.value, 'base64'));
  return { ok: false, reason, metadata };
}
