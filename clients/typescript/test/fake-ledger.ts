// A gRPC server whose responses a test chooses, one for each attempt.
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  toBinary,
} from '@bufbuild/protobuf';
import { anyPack, durationFromMs } from '@bufbuild/protobuf/wkt';
import { Metadata, Server, ServerCredentials, type ServerUnaryCall } from '@grpc/grpc-js';
import { ErrorInfoSchema, RetryInfoSchema } from '@loyalty/proto/google/rpc/error_details_pb.ts';
import { StatusSchema } from '@loyalty/proto/google/rpc/status_pb.ts';
import { LedgerService } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { RedemptionService } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import { RuleSetService } from '@loyalty/proto/loyalty/programs/v1/rule_set_service_pb.ts';

export type FakeResponse =
  | { response: object }
  | { code: number; reason?: string; retryAfterMs?: number; message?: string }
  /** No response until the call is over. */
  | 'silence';

/** What an attempt came with. */
export interface Received {
  readonly method: string;
  readonly request: Record<string, unknown>;
  readonly metadata: Record<string, unknown>;
}

export interface FakeLedger {
  readonly address: string;
  /** In the order in which they arrived. */
  readonly received: Received[];
  /** For the next attempts; the last one is repeated. */
  respondWith(...responses: FakeResponse[]): void;
  stop(): void;
}

export async function startFakeLedger(): Promise<FakeLedger> {
  const received: Received[] = [];
  let responses: FakeResponse[] = [{ response: {} }];
  const server = new Server();
  for (const service of [LedgerService, RedemptionService, RuleSetService]) {
    for (const method of service.methods) {
      const path = `/${service.typeName}/${method.name}`;
      const handler = (call: ServerUnaryCall<Buffer, Buffer>, respond: Respond) => {
        received.push({
          method: method.localName,
          request: { ...fromBinary(method.input, call.request) },
          metadata: call.metadata.getMap(),
        });
        const next = responses.length > 1 ? responses.shift() : responses[0];
        if (next === undefined || next === 'silence') return;
        if ('response' in next) respond(null, encode(method.output, next.response));
        else respond(errorOf(next));
      };
      const codec = { requestStream: false, responseStream: false, path };
      const bytes = (buffer: Buffer) => buffer;
      server.addService(
        {
          [method.name]: {
            ...codec,
            requestSerialize: bytes,
            requestDeserialize: bytes,
            responseSerialize: bytes,
            responseDeserialize: bytes,
          },
        },
        { [method.name]: handler },
      );
    }
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return {
    address: `127.0.0.1:${port}`,
    received,
    respondWith(...next) {
      responses = next;
    },
    stop: () => server.forceShutdown(),
  };
}

type Respond = (error: object | null, response?: Buffer) => void;

function encode(desc: DescMessage, init: object): Buffer {
  return Buffer.from(toBinary(desc, create(desc, init as MessageInitShape<DescMessage>)));
}

function errorOf({
  code,
  reason,
  retryAfterMs,
  message = 'refused',
}: Extract<FakeResponse, { code: number }>): object {
  const metadata = new Metadata();
  if (reason !== undefined) {
    const info = { reason, domain: 'loyalty', metadata: { missingPoints: '3' } };
    const details = [anyPack(ErrorInfoSchema, create(ErrorInfoSchema, info))];
    if (retryAfterMs !== undefined) {
      const retryDelay = durationFromMs(retryAfterMs);
      details.push(anyPack(RetryInfoSchema, create(RetryInfoSchema, { retryDelay })));
    }
    metadata.set('grpc-status-details-bin', encode(StatusSchema, { code, message, details }));
  }
  return { code, details: message, metadata };
}
