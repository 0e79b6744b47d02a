import {
  create,
  createRegistry,
  type DescFile,
  type MessageInitShape,
  type Registry,
  toBinary,
} from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import {
  ServerReflection,
  type ServerReflectionRequest,
  type ServerReflectionResponse,
  ServerReflectionResponseSchema,
} from '@loyalty/proto/grpc/reflection/v1/reflection_pb.ts';
import { type BareService, definitionOf } from './bare-service.ts';

type Answer = NonNullable<
  MessageInitShape<typeof ServerReflectionResponseSchema>['messageResponse']
>;

/**
 * `grpc.reflection.v1`, and `v1alpha` for older tools, which is the same on the wire. Written against our own
 * descriptors because those keep the custom options, which ready-made servers drop.
 */
export function createReflectionServices(files: readonly DescFile[]): BareService[] {
  const catalog = catalogOf([...files, ServerReflection.file]);
  const implementation: BareService['implementation'] = {
    ServerReflectionInfo(
      stream: ServerDuplexStream<ServerReflectionRequest, ServerReflectionResponse>,
    ) {
      stream.on('data', (request: ServerReflectionRequest) => {
        const isRead = stream.write(
          create(ServerReflectionResponseSchema, {
            validHost: request.host,
            originalRequest: request,
            messageResponse: answerTo(request.messageRequest, catalog),
          }),
        );
        if (isRead) return;
        // Responses are much larger than requests.
        stream.pause();
        stream.once('drain', () => stream.resume());
      });
      stream.on('end', () => stream.end());
      stream.on('error', () => stream.end());
    },
  };
  const method = ServerReflection.method.serverReflectionInfo;
  return [ServerReflection.typeName, 'grpc.reflection.v1alpha.ServerReflection'].map((name) => ({
    definition: { ServerReflectionInfo: definitionOf(method, name) },
    implementation,
  }));
}

interface Catalog {
  registry: Registry;
  /** Keyed by the name that imports use, such as `google/protobuf/any.proto`. */
  files: ReadonlyMap<string, DescFile>;
  serviceNames: readonly string[];
}

function catalogOf(served: readonly DescFile[]): Catalog {
  const files = new Map<string, DescFile>();
  const add = (file: DescFile) => {
    if (files.has(file.proto.name)) return;
    files.set(file.proto.name, file);
    file.dependencies.forEach(add);
  };
  served.forEach(add);
  return {
    registry: createRegistry(...files.values()),
    files,
    serviceNames: [
      ...new Set(served.flatMap((file) => file.services.map((service) => service.typeName))),
    ],
  };
}

function answerTo(asked: ServerReflectionRequest['messageRequest'], catalog: Catalog): Answer {
  switch (asked.case) {
    case 'listServices': {
      const service = catalog.serviceNames.map((name) => ({ name }));
      return { case: 'listServicesResponse', value: { service } };
    }
    case 'fileByFilename':
      return fileAnswer(catalog.files.get(asked.value), asked.value);
    case 'fileContainingSymbol':
      return fileAnswer(fileOfSymbol(catalog.registry, asked.value), asked.value);
    case 'fileContainingExtension': {
      const { containingType, extensionNumber } = asked.value;
      const extendee = catalog.registry.getMessage(containingType);
      const extension = extendee && catalog.registry.getExtensionFor(extendee, extensionNumber);
      return fileAnswer(extension?.file, `${containingType} [${extensionNumber}]`);
    }
    case 'allExtensionNumbersOfType':
      return extensionNumbers(catalog.registry, asked.value);
    default:
      return failure(status.INVALID_ARGUMENT, 'The request asks for nothing known');
  }
}

const encodedFiles = new WeakMap<DescFile, Uint8Array>();

function fileAnswer(file: DescFile | undefined, wanted: string): Answer {
  if (file === undefined) return failure(status.NOT_FOUND, `Not found: ${wanted}`);
  let encoded = encodedFiles.get(file);
  if (encoded === undefined) {
    encoded = toBinary(FileDescriptorProtoSchema, file.proto);
    encodedFiles.set(file, encoded);
  }
  return { case: 'fileDescriptorResponse', value: { fileDescriptorProto: [encoded] } };
}

/** A registry knows types, services and extensions; a method, field or enum value is found through what contains it. */
function fileOfSymbol(registry: Registry, symbol: string): DescFile | undefined {
  for (let name = symbol; name !== ''; name = name.slice(0, Math.max(name.lastIndexOf('.'), 0))) {
    const found = registry.get(name);
    if (found !== undefined) return found.file;
  }
  return undefined;
}

function extensionNumbers(registry: Registry, baseTypeName: string): Answer {
  if (registry.getMessage(baseTypeName) === undefined) {
    return failure(status.NOT_FOUND, `Not found: ${baseTypeName}`);
  }
  const extensionNumber: number[] = [];
  for (const type of registry) {
    if (type.kind === 'extension' && type.extendee.typeName === baseTypeName) {
      extensionNumber.push(type.number);
    }
  }
  return {
    case: 'allExtensionNumbersResponse',
    value: { baseTypeName, extensionNumber: extensionNumber.sort((a, b) => a - b) },
  };
}

function failure(errorCode: number, errorMessage: string): Answer {
  return { case: 'errorResponse', value: { errorCode, errorMessage } };
}
