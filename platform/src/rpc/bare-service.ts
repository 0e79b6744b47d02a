import { type DescMethod, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { MethodDefinition, Server, ServiceDefinition } from '@grpc/grpc-js';

/** A service that the gRPC transport serves beside the pipeline, open to everybody: health and reflection. */
export interface BareService {
  definition: ServiceDefinition;
  implementation: Parameters<Server['addService']>[1];
}

/** How grpc-js serves a method on messages. */
export function definitionOf(
  method: DescMethod,
  servicePath: string = method.parent.typeName,
  // biome-ignore lint/suspicious/noExplicitAny: grpc-js keeps the definitions of all methods in one untyped record
): MethodDefinition<any, any> {
  return {
    path: `/${servicePath}/${method.name}`,
    requestStream:
      method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming',
    responseStream:
      method.methodKind === 'server_streaming' || method.methodKind === 'bidi_streaming',
    requestSerialize: (message) => Buffer.from(toBinary(method.input, message)),
    requestDeserialize: (bytes) => fromBinary(method.input, bytes),
    responseSerialize: (message) => Buffer.from(toBinary(method.output, message)),
    responseDeserialize: (bytes) => fromBinary(method.output, bytes),
  };
}
