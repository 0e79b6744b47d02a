import { type DescMethodUnary, type Message, toBinary } from '@bufbuild/protobuf';
import {
  type Deadline,
  Metadata,
  type MethodDefinition,
  Server,
  type ServerUnaryCall,
  type StatusObject,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { idsInBinary, readBinaryMessage } from '../binary-message.ts';
import type { CertificateSource } from '../tls/certificates.ts';
import { grpcServerCredentials } from '../tls/grpc-credentials.ts';
import { namesIn } from '../tls/peer-names.ts';
import type { BareService } from './bare-service.ts';
import { asksForJsonNames, fieldNamesHeader } from './field-names.ts';
import {
  createGrpcReception,
  type GrpcReception,
  type InterceptedCall,
  type ReceptionOptions,
  streamOf,
} from './grpc-reception.ts';
import { grpcStatusOf, guardStreams, limitConnections } from './grpc-streams.ts';
import type { Mountable } from './handler.ts';
import type { RpcLimits } from './limits.ts';
import { handlerOf, unaryMethodsOf } from './mount.ts';
import type { Answer, Codec, Credentials, Pipeline, Route } from './pipeline.ts';
import type { CallStatus } from './status.ts';

export interface GrpcTransport {
  /** Starts to listen; resolves to the port. */
  listen(listen: { host: string; port: number }): Promise<number>;
  /** Sends GOAWAY, lets calls end, and cuts what is left after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

export interface GrpcTransportOptions {
  pipeline: Pipeline;
  services: readonly Mountable[];
  bareServices: readonly BareService[];
  limits: RpcLimits;
  /** Without TLS if undefined. */
  tls: CertificateSource | undefined;
}

/** gRPC on grpc-js: the fast transport, which other backends use. */
export function createGrpcTransport({
  pipeline,
  services,
  bareServices,
  limits,
  tls,
}: GrpcTransportOptions): GrpcTransport {
  const routes = new Map<string, Route<Buffer, Buffer>>();
  const reception = createGrpcReception({
    receives: (path) => routes.has(path),
    identify: (metadata, call) => pipeline.identify(credentialsOf(metadata, call)),
    refuse({ path, ...refusal }) {
      const route = routes.get(path);
      if (route !== undefined) refuseUnread(pipeline, route, refusal);
    },
  });
  const server = new Server({
    'grpc.max_receive_message_length': limits.requestBytesMax,
    'grpc.max_send_message_length': limits.responseBytesMax,
    'grpc.max_concurrent_streams': limits.streamsPerConnectionMax,
    'grpc.max_connection_age_ms': limits.connectionAgeMsMax,
    'grpc.max_connection_age_grace_ms': limits.connectionAgeMsMax,
    'grpc.max_connection_idle_ms': limits.connectionIdleMsMax,
    'grpc.keepalive_time_ms': 60_000,
    'grpc.keepalive_timeout_ms': 20_000,
    // In megabytes; what one connection may make the server hold before its streams are refused.
    'grpc-node.max_session_memory': 64,
    'grpc.enable_channelz': 0,
    interceptors: [reception.interceptor],
  });
  for (const mountable of services) {
    const definition: Record<string, MethodDefinition<Buffer, Buffer>> = {};
    const implementation: BareService['implementation'] = {};
    for (const method of unaryMethodsOf(mountable.service)) {
      const route = pipeline.route(method, {
        transport: 'grpc',
        handler: handlerOf(mountable, method),
        codec: binaryCodec(method),
      });
      routes.set(`/${route.name}`, route);
      // Bytes pass through unchanged: grpc-js would return INTERNAL for what it can't deserialize.
      definition[method.name] = {
        path: `/${route.name}`,
        requestStream: false,
        responseStream: false,
        requestSerialize: unchanged,
        requestDeserialize: unchanged,
        responseSerialize: unchanged,
        responseDeserialize: unchanged,
      };
      implementation[method.name] = serveWith(pipeline, route, reception);
    }
    server.addService(definition, implementation);
  }
  const publicPaths = new Map<string, { streams: boolean }>();
  for (const { definition, implementation } of bareServices) {
    server.addService(definition, implementation);
    for (const { path, requestStream, responseStream } of Object.values(definition)) {
      publicPaths.set(path, { streams: requestStream || responseStream });
    }
  }

  const unaryPaths = new Set(routes.keys());
  guardStreams(server, { unaryPaths, publicPaths, limits });

  let boundAddress: string | undefined;
  return {
    listen: ({ host, port }) =>
      new Promise((resolve, reject) => {
        const name = host.includes(':') ? `[${host}]` : host;
        const credentials = grpcServerCredentials(tls, limits.requestArrivalMsMax);
        server.bindAsync(`${name}:${port}`, credentials, (error, boundPort) => {
          if (error !== null) {
            reject(error);
            return;
          }
          boundAddress = `${name}:${boundPort}`;
          limitConnections(server, limits.connectionsMax);
          resolve(boundPort);
        });
      }),
    close: (graceMs) =>
      new Promise((resolve) => {
        // First, because only this cuts sessions: without channelz `forceShutdown` doesn't know about any.
        if (boundAddress !== undefined) server.drain(boundAddress, graceMs);
        server.tryShutdown(() => resolve());
      }),
  };
}

function unchanged(bytes: Buffer): Buffer {
  return bytes;
}

function binaryCodec({ input, output }: DescMethodUnary): Codec<Buffer, Buffer> {
  return {
    decode: (bytes) => readBinaryMessage(input, bytes),
    idsOf: (bytes, access) => idsInBinary(access, bytes),
    encode: (response: Message) => {
      const bytes = toBinary(output, response);
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    },
  };
}

function serveWith(pipeline: Pipeline, route: Route<Buffer, Buffer>, reception: GrpcReception) {
  return (call: ServerUnaryCall<Buffer, Buffer>, respond: sendUnaryData<Buffer>): void => {
    const startedMs = performance.now();
    const { metadata, request } = call;
    const cancel = pipeline.serve(
      route,
      {
        ...incomingOf(metadata, call.getDeadline()),
        raw: request,
        identify: () => reception.identityOf(metadata, request.length),
      },
      answerWith({ call, respond, startedMs }),
    );
    // Also emitted after every finished call, when it no longer has an effect.
    call.on('cancelled', cancel);
  };
}

const nothing = Buffer.alloc(0);

/** Answers a call with an error that is known before its request is read. */
function refuseUnread(
  pipeline: Pipeline,
  route: Route<Buffer, Buffer>,
  { metadata, call, error }: Omit<Parameters<ReceptionOptions['refuse']>[0], 'path'>,
): void {
  const startedMs = performance.now();
  pipeline.serve(
    route,
    {
      ...incomingOf(metadata, call.getDeadline()),
      raw: nothing,
      identify: () => Promise.reject(error),
    },
    {
      succeed: () => undefined,
      fail(status, requestId) {
        const tookMs = performance.now() - startedMs;
        call.sendStatus(failureOf(status, { requestId, tookMs }));
      },
    },
  );
}

/** What the headers say of a call. */
function incomingOf(metadata: Metadata, deadline: Deadline) {
  return {
    requestId: textOf(metadata, 'x-request-id'),
    traceparent: textOf(metadata, 'traceparent'),
    deadlineMs: deadline === Number.POSITIVE_INFINITY ? undefined : Number(deadline),
    usesJsonNames: () => asksForJsonNames(textOf(metadata, fieldNamesHeader)),
  };
}

function credentialsOf(metadata: Metadata, call: InterceptedCall): Credentials {
  return {
    authorization: metadata.get('authorization').map(String),
    peer: () => ({
      address: addressOf(call.getPeer()),
      names: () => namesIn(call.getAuthContext()?.sslPeerCertificate?.subjectaltname),
    }),
    whenClosed(done) {
      const stream = streamOf(call);
      if (stream.closed) done();
      else stream.once('close', done);
    },
  };
}

/** `10.0.0.1` of `10.0.0.1:54321`, and `::1` of `[::1]:54321`. */
function addressOf(peer: string): string {
  return peer.slice(0, peer.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1');
}

function textOf(metadata: Metadata, key: string): string | undefined {
  const value = metadata.get(key)[0];
  return typeof value === 'string' ? value : undefined;
}

interface StartedCall {
  readonly call: ServerUnaryCall<Buffer, Buffer>;
  readonly respond: sendUnaryData<Buffer>;
  /** By the process's own clock. */
  readonly startedMs: number;
}

function answerWith({ call, respond, startedMs }: StartedCall): Answer<Buffer> {
  return {
    succeed(encoded, requestId) {
      const header = new Metadata();
      header.set('x-request-id', requestId);
      call.sendMetadata(header);
      respond(null, encoded);
    },
    fail(status, requestId) {
      const tookMs = performance.now() - startedMs;
      respond(failureOf(status, { requestId, tookMs }));
    },
  };
}

/** A failure that took longer has waited for a peer that is down; a quicker one may be over at the next attempt. */
const quickFailureMsMax = 500;

function failureOf(
  status: CallStatus,
  { requestId, tookMs }: { requestId: string; tookMs: number },
): StatusObject {
  const { code, details, metadata } = grpcStatusOf(status, requestId);
  // Clients that retry by themselves would keep an overloaded service overloaded, and would wait several times for what
  // the server has waited for already, until their deadline passes, and they never learn the reason.
  if (status.reason === 'OVERLOADED' || tookMs > quickFailureMsMax) {
    metadata.set('grpc-retry-pushback-ms', '-1');
  }
  return { code, details, metadata };
}
