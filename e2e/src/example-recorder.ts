// Calls to the gateway and their responses, kept as examples for its reference.
import type { Platform } from '@loyalty/local/running-platform.ts';
import { expandedPath, type GatewayOperation, gatewayOperations } from './gateway-operations.ts';

/** Parts that a request doesn't have are absent. */
export interface ExampleRequest {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | readonly string[]>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

/** A request that succeeds, and bodies by status: of its own response, and of others to requests like it. */
export interface Example {
  readonly request: ExampleRequest;
  readonly responses: Readonly<Record<string, object>>;
}

/** Examples by operation id. */
export type Examples = Readonly<Record<string, Example>>;

/** A response as the scenario needs it to go on. */
export interface Recorded {
  readonly body: Record<string, unknown>;
  /** The header, with its quotes; empty if there is none. */
  readonly etag: string;
}

export interface Recorder {
  /**
   * Makes a call, and keeps its response as the operation's example for that status, with the first successful request.
   *
   * @throws {Error} when the status isn't the expected one, or the operation has an example of it already
   */
  record(
    operationId: string,
    call: ExampleRequest & { token: string; status: number },
  ): Promise<Recorded>;
  /**
   * Makes a call that the scenario needs and that is no example.
   *
   * @throws {Error} when the status isn't the expected one
   */
  prepare(
    operationId: string,
    call: ExampleRequest & { token: string; status: number },
  ): Promise<Recorded>;
  /** In the order of the contracts, statuses from low to high. */
  examples(): Examples;
}

export function createRecorder({ env }: Platform): Recorder {
  const operations = new Map(gatewayOperations.map((found) => [found.operationId, found]));
  const requests = new Map<string, ExampleRequest>();
  const responses = new Map<string, Map<number, object>>();
  let records = 0;

  const prepare: Recorder['prepare'] = async (operationId, { token, status, ...request }) => {
    const operation = operations.get(operationId);
    if (operation === undefined) throw new Error(`There is no operation ${operationId}`);
    const { path = {}, query = {}, headers = {}, body } = request;
    const response = await fetch(
      `${env['LOYALTY_URL']}${expandedPath(operation, path)}${queryText(query)}`,
      {
        method: operation.httpMethod,
        headers: {
          Authorization: `Bearer ${token}`,
          // Problems and entries of the journal have it, so it must not depend on how often something was polled.
          'X-Request-Id': `request-${records}`,
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      },
    );
    const received = (await response.json()) as Record<string, unknown>;
    if (response.status !== status) {
      throw new Error(`${operationId}: ${response.status} ${JSON.stringify(received)}`);
    }
    return { body: received, etag: response.headers.get('etag') ?? '' };
  };

  return {
    prepare,
    async record(operationId, call) {
      records += 1;
      const recorded = await prepare(operationId, call);
      const { token: _, status, path, ...others } = call;
      const known = responses.get(operationId) ?? new Map<number, object>();
      if (known.has(status)) throw new Error(`${operationId} has an example of ${status} already`);
      responses.set(operationId, known.set(status, recorded.body));
      if (status < 300 && !requests.has(operationId)) {
        requests.set(operationId, { ...pathOf(operations.get(operationId), path), ...others });
      }
      return recorded;
    },
    examples: () =>
      Object.fromEntries(
        gatewayOperations.flatMap(({ operationId }) => {
          const request = requests.get(operationId);
          const byStatus = responses.get(operationId);
          return request === undefined || byStatus === undefined
            ? []
            : [[operationId, { request, responses: Object.fromEntries(byStatus) }]];
        }),
      ),
  };
}

/** The values that the operation has a place for. */
function pathOf(
  operation: GatewayOperation | undefined,
  values: ExampleRequest['path'] = {},
): Pick<ExampleRequest, 'path'> {
  const path = Object.entries(values).filter(([name]) => operation?.path.includes(`{${name}}`));
  return path.length === 0 ? {} : { path: Object.fromEntries(path) };
}

function queryText(query: NonNullable<ExampleRequest['query']>): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().map((item): [string, string] => [name, String(item)]),
  );
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs).toString()}`;
}
