import { create, type DescFile } from '@bufbuild/protobuf';
import {
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import {
  Health,
  type HealthCheckRequest,
  type HealthCheckResponse,
  HealthCheckResponseSchema,
  type HealthListRequest,
  type HealthListResponse,
  HealthListResponseSchema,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '@loyalty/proto/health/v1/health_pb.ts';
import { type BareService, definitionOf } from './bare-service.ts';
import type { Readiness } from './readiness.ts';

const watchIntervalMs = 1000;

export interface HealthService extends BareService {
  /** What reflection shows of the service. */
  readonly file: DescFile;
  /** Sends NOT_SERVING to every watcher and ends its stream, which would otherwise keep its connection open. */
  endWatches(): void;
}

/** `grpc.health.v1`: the whole server ('') and each of its services are SERVING while the server is ready. */
export function createHealthService(
  readiness: Readiness,
  serviceNames: readonly string[],
): HealthService {
  const known = new Set(['', ...serviceNames]);
  const watches = new Map<Watch, { service: string; lastSent: number | undefined }>();
  let timer: NodeJS.Timeout | undefined;

  async function servingStatus(): Promise<HealthCheckResponse['status']> {
    return (await readiness.isReady()) ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
  }

  function notify(watch: Watch, current: HealthCheckResponse['status']): void {
    const state = watches.get(watch);
    if (state === undefined) return;
    const next = known.has(state.service) ? current : ServingStatus.SERVICE_UNKNOWN;
    if (state.lastSent === next) return;
    state.lastSent = next;
    watch.write(create(HealthCheckResponseSchema, { status: next }));
  }

  async function notifyAll(): Promise<void> {
    const current = await servingStatus();
    for (const watch of watches.keys()) notify(watch, current);
  }

  function forget(watch: Watch): void {
    watches.delete(watch);
    if (watches.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  async function check(
    { request }: ServerUnaryCall<HealthCheckRequest, HealthCheckResponse>,
    respond: sendUnaryData<HealthCheckResponse>,
  ): Promise<void> {
    if (!known.has(request.service)) {
      respond({ code: status.NOT_FOUND, details: 'The server has no such service' });
      return;
    }
    respond(null, create(HealthCheckResponseSchema, { status: await servingStatus() }));
  }

  async function list(
    _call: ServerUnaryCall<HealthListRequest, HealthListResponse>,
    respond: sendUnaryData<HealthListResponse>,
  ): Promise<void> {
    const current = await servingStatus();
    const statuses = Object.fromEntries([...known].map((name) => [name, { status: current }]));
    respond(null, create(HealthListResponseSchema, { statuses }));
  }

  async function watch(stream: Watch): Promise<void> {
    watches.set(stream, { service: stream.request.service, lastSent: undefined });
    stream.on('cancelled', () => forget(stream));
    stream.on('error', () => forget(stream));
    timer ??= setInterval(() => void notifyAll(), watchIntervalMs).unref();
    notify(stream, await servingStatus());
  }

  return {
    file: Health.file,
    definition: {
      Check: definitionOf(Health.method.check),
      List: definitionOf(Health.method.list),
      Watch: definitionOf(Health.method.watch),
    },
    implementation: {
      Check: (...call: Parameters<typeof check>) => void check(...call),
      List: (...call: Parameters<typeof list>) => void list(...call),
      Watch: (stream: Watch) => void watch(stream),
    },
    endWatches() {
      for (const stream of [...watches.keys()]) {
        notify(stream, ServingStatus.NOT_SERVING);
        forget(stream);
        stream.end();
      }
    },
  };
}

type Watch = ServerWritableStream<HealthCheckRequest, HealthCheckResponse>;
