// B: node:http2 alone, which sends the bytes of a response without reading the request: what any gRPC service costs here.
import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { create, toBinary } from '@bufbuild/protobuf';
import {
  EarnRequestSchema,
  EarnResponseSchema,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { purchaseOf } from '../load/earn-plan.ts';
import { grpcFrame } from '../load/frame-template.ts';
import { earnResponse, readSettings } from './earn-server.ts';

const { host, grpcPort, managementPort } = readSettings();
const points = 10n;
const request = create(EarnRequestSchema, {
  programId: 'bench',
  userId: 'member-000000',
  transaction: purchaseOf('earn:1:0000000000'),
});
const body = grpcFrame(
  toBinary(
    EarnResponseSchema,
    create(EarnResponseSchema, earnResponse(request, { points, balance: points })),
  ),
);

const server = createHttp2Server();
server.on('stream', (stream) => {
  stream.resume();
  stream.on('end', () => {
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc+proto' },
      { waitForTrailers: true },
    );
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(body);
  });
});
server.listen(grpcPort, host, () => {
  createServer((_, response) => response.end()).listen(managementPort, host);
});
process.on('disconnect', () => process.exit());
process.on('SIGTERM', () => process.exit());
