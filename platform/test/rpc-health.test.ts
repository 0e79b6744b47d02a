import { create, type DescMethod, fromBinary, type Message } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { Client, type ClientReadableStream, credentials } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  ServerReflection,
  type ServerReflectionRequest,
  ServerReflectionRequestSchema,
  type ServerReflectionResponse,
} from '@loyalty/proto/grpc/reflection/v1/reflection_pb.ts';
import {
  Health,
  HealthCheckRequestSchema,
  type HealthCheckResponse,
  HealthListRequestSchema,
  type HealthListResponse,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '@loyalty/proto/health/v1/health_pb.ts';
import { Access_Role, access } from '@loyalty/proto/loyalty/options/v1/access_pb.ts';
import { errors } from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';
import { definitionOf } from '../src/rpc/bare-service.ts';
import { defaultLimits } from '../src/rpc/limits.ts';
import { eventually } from './eventually.ts';
import { type NoteServer, startNoteServer } from './note-server.ts';

let server: NoteServer;
let client: Client;
let ready: boolean;

beforeEach(async () => {
  ready = true;
  server = await startNoteServer(
    {},
    { readiness: () => (ready ? Promise.resolve() : Promise.reject(new Error('away'))) },
  );
  client = new Client(server.grpcAddress, credentials.createInsecure());
});

afterEach(async () => {
  client.close();
  await server.stop();
});

function ask<R extends Message>(method: DescMethod, request: Message): Promise<R> {
  const { path, requestSerialize, responseDeserialize } = definitionOf(method);
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      (error, response) => (error ? reject(error) : resolve(response as R)),
    );
  });
}

async function check(service: string): Promise<number> {
  const request = create(HealthCheckRequestSchema, { service });
  return (await ask<HealthCheckResponse>(Health.method.check, request)).status;
}

function watch(service: string): { seen: number[]; ended: Promise<void>; leave: () => void } {
  const { path, requestSerialize, responseDeserialize } = definitionOf(Health.method.watch);
  const stream: ClientReadableStream<HealthCheckResponse> = client.makeServerStreamRequest(
    path,
    requestSerialize,
    responseDeserialize,
    create(HealthCheckRequestSchema, { service }),
  );
  const seen: number[] = [];
  stream.on('data', ({ status }: HealthCheckResponse) => seen.push(status));
  stream.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => stream.on('status', () => resolve()));
  return { seen, ended, leave: () => stream.cancel() };
}

describe('health, without a token,', () => {
  test('is SERVING for the server and each of its services', async () => {
    expect(await check('')).toBe(ServingStatus.SERVING);
    expect(await check('note.v1.NoteService')).toBe(ServingStatus.SERVING);
    const request = create(HealthListRequestSchema);
    const { statuses } = await ask<HealthListResponse>(Health.method.list, request);
    expect(Object.keys(statuses)).toEqual(['', 'note.v1.NoteService']);
  });

  test('is not found for a service that is not there', async () => {
    await expect(check('no.such.Service')).rejects.toMatchObject({ code: 5 });
    const { seen } = watch('no.such.Service');
    await eventually('the watcher is told', () => seen.length > 0);
    expect(seen).toEqual([ServingStatus.SERVICE_UNKNOWN]);
  });

  test('is NOT_SERVING while the service can not work, and /readyz says so too', async () => {
    const { seen } = watch('');
    await eventually('SERVING', () => seen.at(-1) === ServingStatus.SERVING);
    ready = false;
    await eventually('NOT_SERVING', () => seen.at(-1) === ServingStatus.NOT_SERVING);
    expect(await check('')).toBe(ServingStatus.NOT_SERVING);
    expect((await fetch(`${server.managementUrl}/readyz`)).status).toBe(503);
    expect((await fetch(`${server.managementUrl}/livez`)).status).toBe(200);
    ready = true;
    await eventually('SERVING again', () => seen.at(-1) === ServingStatus.SERVING);
    expect(seen).toEqual([ServingStatus.SERVING, ServingStatus.NOT_SERVING, ServingStatus.SERVING]);
  });

  test('tells watchers at once when the server stops, and does not hold it up', async () => {
    const { seen, ended } = watch('');
    await eventually('SERVING', () => seen.length === 1);
    const start = performance.now();
    await server.stop(5000);
    await ended;
    expect(seen.at(-1)).toBe(ServingStatus.NOT_SERVING);
    expect(performance.now() - start).toBeLessThan(2000);
  });
});

test('streams that need no token are limited for an address, in number and in bytes', async () => {
  const { publicStreamsPerAddressMax: max, publicStreamBytesMax } = defaultLimits;
  const watches = Array.from({ length: max }, () => watch(''));
  await eventually('all are told', () => watches.every(({ seen }) => seen.length > 0));
  await expect(check('')).rejects.toMatchObject({
    code: 8,
    details: `The caller already has ${max} calls in flight, the maximum; wait until one ends`,
  });
  for (const { leave } of watches) leave();
  await eventually('those have ended', async () => (await check('').catch(() => 0)) > 0);
  const host = 'x'.repeat(publicStreamBytesMax);
  const request = create(ServerReflectionRequestSchema, { host });
  await expect(send(request)).rejects.toMatchObject({
    code: 3,
    details: expect.stringContaining(`at most ${publicStreamBytesMax} bytes`),
  });
});

type Question = ServerReflectionRequest['messageRequest'];

function reflect(question: Question, service?: string): Promise<ServerReflectionResponse> {
  return send(create(ServerReflectionRequestSchema, { messageRequest: question }), service);
}

function send(
  request: ServerReflectionRequest,
  service?: string,
): Promise<ServerReflectionResponse> {
  const { path, requestSerialize, responseDeserialize } = definitionOf(
    ServerReflection.method.serverReflectionInfo,
    service,
  );
  return new Promise((resolve, reject) => {
    const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    stream.on('data', (response: ServerReflectionResponse) => {
      resolve(response);
      stream.end();
    });
    stream.on('error', reject);
    stream.write(request);
  });
}

async function fileNames(question: Question): Promise<string[]> {
  const { messageResponse } = await reflect(question);
  if (messageResponse.case !== 'fileDescriptorResponse') return [];
  return messageResponse.value.fileDescriptorProto.map(
    (bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name,
  );
}

describe('reflection, without a token,', () => {
  test.each([undefined, 'grpc.reflection.v1alpha.ServerReflection'])(
    'lists the services (%s)',
    async (service) => {
      const { messageResponse } = await reflect({ case: 'listServices', value: '' }, service);
      expect(messageResponse).toMatchObject({
        value: {
          service: [
            { name: 'note.v1.NoteService' },
            { name: 'grpc.health.v1.Health' },
            { name: 'grpc.reflection.v1.ServerReflection' },
          ],
        },
      });
    },
  );

  test.each([
    'note.v1.NoteService',
    'note.v1.NoteService.WriteNote',
    'note.v1.Note',
    'note.v1.Note.text',
  ])('finds the file of %s', async (value) => {
    expect(await fileNames({ case: 'fileContainingSymbol', value })).toEqual([
      'note/v1/note.proto',
    ]);
  });

  test('has every file that another imports', async () => {
    const missing = new Set<string>();
    const visit = async (value: string): Promise<void> => {
      const { messageResponse } = await reflect({ case: 'fileByFilename', value });
      if (messageResponse.case !== 'fileDescriptorResponse') {
        missing.add(value);
        return;
      }
      for (const bytes of messageResponse.value.fileDescriptorProto) {
        for (const name of fromBinary(FileDescriptorProtoSchema, bytes).dependency) {
          await visit(name);
        }
      }
    };
    await visit('note/v1/note.proto');
    expect([...missing]).toEqual([]);
  });

  test('keeps the access rules of the methods', async () => {
    const value = 'note.v1.NoteService';
    const { messageResponse } = await reflect({ case: 'fileContainingSymbol', value });
    if (messageResponse.case !== 'fileDescriptorResponse') throw new Error('no file');
    const file = fromBinary(
      FileDescriptorProtoSchema,
      messageResponse.value.fileDescriptorProto[0] ?? new Uint8Array(),
    );
    const purge = file.service[0]?.method.find(({ name }) => name === 'PurgeNotes');
    const [unknown] = purge?.options?.$unknown ?? [];
    expect(unknown?.no).toBe(access.number);
    expect([...(unknown?.data ?? [])]).toContain(Access_Role.ADMIN);
  });

  test('knows the extensions of the options', async () => {
    const containingType = 'google.protobuf.MethodOptions';
    const value = {
      $typeName: 'grpc.reflection.v1.ExtensionRequest' as const,
      containingType,
      extensionNumber: access.number,
    };
    expect(await fileNames({ case: 'fileContainingExtension', value })).toEqual([
      'loyalty/options/v1/access.proto',
    ]);
    const { messageResponse } = await reflect({
      case: 'allExtensionNumbersOfType',
      value: containingType,
    });
    expect(messageResponse).toMatchObject({
      value: { extensionNumber: [access.number, errors.number] },
    });
  });

  test.each<Question>([
    { case: 'fileContainingSymbol', value: 'no.such.Symbol' },
    { case: 'fileByFilename', value: 'no/such/file.proto' },
    { case: 'allExtensionNumbersOfType', value: 'no.such.Type' },
  ])('says what it does not have: $case', async (question) => {
    const { messageResponse } = await reflect(question);
    expect(messageResponse).toMatchObject({ case: 'errorResponse', value: { errorCode: 5 } });
  });
});
