import type { DescMethodUnary } from '@bufbuild/protobuf';
import { type MethodDefinition, Server } from '@grpc/grpc-js';
import { encoderOf } from '../binary-encoding.ts';
import { idsInBinary, readBinaryMessage } from '../binary-message.ts';
import type { CertificateSource } from '../tls/certificates.ts';
import { grpcServerCredentials } from '../tls/grpc-credentials.ts';
import type { BareService } from './bare-service.ts';
import { createConnectionRoom } from './connection-room.ts';
import { createGrpcInterceptor } from './grpc-call.ts';
import { guardStreams, limitConnections } from './grpc-streams.ts';
import type { Mountable } from './handler.ts';
import type { RpcLimits } from './limits.ts';
import { handlerOf, unaryMethodsOf } from './mount.ts';
import type { Codec, Pipeline, Route } from './pipeline.ts';

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
  /** There is no TLS if undefined. */
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
    interceptors: [createGrpcInterceptor(pipeline, routes)],
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
      implementation[method.name] = neverCalled;
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
  const room = createConnectionRoom(limits.connectionsMax);
  guardStreams(server, { unaryPaths, publicPaths, room, limits });

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
          limitConnections(server, room, limits);
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

/** grpc-js serves only methods that have a handler; the interceptor serves the calls before they get there. */
function neverCalled(): void {
  throw new Error('The call passed the interceptor');
}

function unchanged(bytes: Buffer): Buffer {
  return bytes;
}

function binaryCodec({ input, output }: DescMethodUnary): Codec<Buffer, Buffer> {
  return {
    decode: (bytes) => readBinaryMessage(input, bytes),
    idsOf: (bytes, access) => idsInBinary(access, bytes),
    encode: encoderOf(output),
  };
}
