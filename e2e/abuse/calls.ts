// Calls over each transport as a stranger's client sends them: from an address of its own, with bodies of any size.
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect, type IncomingHttpHeaders } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { ErrorInfoSchema } from '@loyalty/proto/google/rpc/error_details_pb.ts';
import { StatusSchema } from '@loyalty/proto/google/rpc/status_pb.ts';
import { GetBalanceRequestSchema } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { JoinProgramRequestSchema } from '@loyalty/proto/loyalty/ledger/v1/membership_service_pb.ts';

export type Transport = 'gateway' | 'connect' | 'grpc';

/** Plain data, so that it can be handed to another process. */
export interface Target {
  readonly transport: Transport;
  readonly port: number;
  /** Services count calls from 127.0.0.1 as the gateway's, which has counted them already. */
  readonly fromAddress: string;
  readonly programId: string;
  readonly userId: string;
  readonly token: string;
  /** 0 for a read without a body; otherwise a change with a body of about so many bytes, which is refused. */
  readonly bodyBytes: number;
  /** How long the last byte of a body is kept back. */
  readonly slowMs: number;
}

export interface Caller {
  /** `OK`, the reason of the error, or `CUT` when the connection ended without a response. */
  call(token?: string): Promise<string>;
  close(): void;
}

export function createCaller(target: Target): Caller {
  return target.transport === 'grpc' ? grpcCaller(target) : httpCaller(target);
}

function httpCaller({
  transport,
  port,
  fromAddress,
  programId,
  userId,
  bodyBytes,
  slowMs,
  ...rest
}: Target) {
  const agent = new Agent({ keepAlive: true });
  const text = 'a'.repeat(bodyBytes);
  const read = { path: `/v1/programs/${programId}/members/${userId}/balance`, body: undefined };
  const join = { path: `/v1/programs/${programId}/members`, body: { userId: text } };
  const atGateway = bodyBytes === 0 ? read : join;
  const atConnect =
    bodyBytes === 0
      ? { path: '/loyalty.ledger.v1.LedgerService/GetBalance', body: { programId, userId } }
      : {
          path: '/loyalty.ledger.v1.MembershipService/JoinProgram',
          body: { programId: text, userId },
        };
  const { path, body } = transport === 'gateway' ? atGateway : atConnect;
  const sent = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  return {
    call: (token = rest.token) =>
      new Promise<string>((resolve) => {
        const call = request(
          {
            agent,
            port,
            path,
            host: '127.0.0.1',
            localAddress: fromAddress,
            method: sent === undefined ? 'GET' : 'POST',
            headers: {
              authorization: `Bearer ${token}`,
              ...(sent && { 'content-type': 'application/json', 'content-length': sent.length }),
            },
          },
          (response) => void reasonOfHttp(response).then(resolve, () => resolve('CUT')),
        );
        call.on('error', () => resolve('CUT'));
        if (sent === undefined || slowMs === 0) {
          call.end(sent);
        } else {
          call.write(sent.subarray(0, -1));
          setTimeout(() => call.end(sent.subarray(-1)), slowMs);
        }
      }),
    close: () => agent.destroy(),
  };
}

async function reasonOfHttp(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  if (response.statusCode === 200) return 'OK';
  const body = JSON.parse(Buffer.concat(chunks).toString()) as {
    reason?: string;
    details?: { type: string; value: string }[];
  };
  const detail = body.details?.find(({ type }) => type === ErrorInfoSchema.typeName);
  if (detail === undefined) return body.reason ?? String(response.statusCode);
  return fromBinary(ErrorInfoSchema, Buffer.from(detail.value, 'base64')).reason;
}

function grpcCaller({
  port,
  fromAddress,
  programId,
  userId,
  bodyBytes,
  slowMs,
  ...rest
}: Target): Caller {
  const session = connect(`http://127.0.0.1:${port}`, {
    // In megabytes. With less, the attacker's own process cuts off the streams that wait to send their bodies.
    maxSessionMemory: 1_000,
    createConnection: () =>
      connectSocket({ port, host: '127.0.0.1', localAddress: fromAddress, noDelay: true }),
  });
  session.on('error', () => undefined);
  const [path, message] =
    bodyBytes === 0
      ? [
          '/loyalty.ledger.v1.LedgerService/GetBalance',
          toBinary(GetBalanceRequestSchema, create(GetBalanceRequestSchema, { programId, userId })),
        ]
      : [
          '/loyalty.ledger.v1.MembershipService/JoinProgram',
          toBinary(
            JoinProgramRequestSchema,
            create(JoinProgramRequestSchema, { programId: 'a'.repeat(bodyBytes), userId }),
          ),
        ];
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  return {
    call: (token = rest.token) =>
      new Promise<string>((resolve) => {
        const stream = session.request({
          ':method': 'POST',
          ':path': path,
          'content-type': 'application/grpc',
          te: 'trailers',
          authorization: `Bearer ${token}`,
        });
        let last: IncomingHttpHeaders = {};
        const take = (headers: IncomingHttpHeaders) => {
          last = headers;
        };
        stream.on('response', take);
        stream.on('trailers', take);
        stream.on('error', () => undefined);
        stream.on('close', () => resolve(reasonOfGrpc(last)));
        stream.resume();
        if (slowMs === 0) {
          stream.end(frame);
        } else {
          stream.write(frame.subarray(0, -1));
          setTimeout(() => stream.end(frame.subarray(-1)), slowMs);
        }
      }),
    close: () => session.destroy(),
  };
}

function reasonOfGrpc(trailers: IncomingHttpHeaders): string {
  const status = trailers['grpc-status'];
  if (status === undefined) return 'CUT';
  if (status === '0') return 'OK';
  const details = Buffer.from(String(trailers['grpc-status-details-bin'] ?? ''), 'base64');
  for (const detail of fromBinary(StatusSchema, details).details) {
    const info = anyUnpack(detail, ErrorInfoSchema);
    if (info !== undefined) return info.reason;
  }
  return `status ${String(status)}`;
}
