// Requests that follow from the document: some as it asks for them, some with one thing wrong.
import { request as httpRequest } from 'node:http';
import { fc } from '@loyalty/local/property.ts';
import type { Operation, Parameter } from './document.ts';
import { type ValueOptions, valuesOf } from './values.ts';

/** Ids that belong together, by the name of the parameter or member. */
export type Ids = Readonly<Record<string, string | number>>;

export interface Tokens {
  readonly admin: string;
  readonly service: string;
  /** The token of a user. */
  readonly member: (userId: string) => string;
}

export interface PlannedRequest {
  readonly operation: Operation;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

export interface RequestOptions extends ValueOptions {
  readonly tokens: Tokens;
  readonly contexts: readonly Ids[];
}

/** Generates requests of an operation as the document describes them. */
export function requestsOf(
  operation: Operation,
  options: RequestOptions,
): fc.Arbitrary<PlannedRequest> {
  return fc
    .tuple(fc.constantFrom(...options.contexts), fc.constantFrom(...operation.roles))
    .chain(([ids, role]) => {
      const known = new Map(options.known);
      for (const [name, value] of Object.entries(ids)) known.set(name, [value]);
      const context = { ...options, known };
      return fc.record({
        role: fc.constant(role),
        userId: fc.constant(String(ids['userId'])),
        parameters: fc.tuple(...operation.parameters.map((each) => given(each, context))),
        body:
          operation.body === undefined
            ? fc.constant(undefined)
            : valuesOf(operation.body, context).map((body) => JSON.stringify(body)),
      });
    })
    .map(({ role, userId, parameters, body }) => {
      const { tokens } = options;
      const token = role === 'member' ? tokens.member(userId) : tokens[role as 'admin' | 'service'];
      return planned(operation, { token, parameters: parameters.flat(), body });
    });
}

interface GivenParameter {
  readonly parameter: Parameter;
  readonly value: string;
}

/** What a header can have of all texts. */
const headerTexts: fc.Arbitrary<unknown> = fc.stringMatching(/^[\x21-\x7e]{1,20}$/);

/** None or one value, or several of a parameter that is a list. */
function given(
  parameter: Parameter,
  options: RequestOptions,
): fc.Arbitrary<readonly GivenParameter[]> {
  const { name, in: place, required = false } = parameter;
  const values =
    place === 'header'
      ? headerTexts
      : valuesOf(parameter.schema, options, name).filter(
          (value) => place === 'query' || value !== '',
        );
  const sent = values.map((value) =>
    [value].flat().map((each) => ({ parameter, value: String(each) })),
  );
  if (required) return sent;
  const presence = Math.round(options.optional * 100);
  return fc.oneof(
    { weight: presence, arbitrary: sent },
    { weight: 100 - presence, arbitrary: fc.constant([]) },
  );
}

function planned(
  operation: Operation,
  request: {
    token: string;
    parameters: readonly GivenParameter[];
    body: string | undefined;
  },
): PlannedRequest {
  let path = operation.path;
  const query: string[] = [];
  const headers: Record<string, string> = { authorization: `Bearer ${request.token}` };
  for (const { parameter, value } of request.parameters) {
    const encoded = encodeURIComponent(value);
    if (parameter.in === 'path') path = path.replace(`{${parameter.name}}`, () => encoded);
    if (parameter.in === 'query') query.push(`${parameter.name}=${encoded}`);
    if (parameter.in === 'header') headers[parameter.name.toLowerCase()] = value;
  }
  if (request.body !== undefined) headers['content-type'] = 'application/json';
  return {
    operation,
    method: operation.method,
    path: query.length === 0 ? path : `${path}?${query.join('&')}`,
    headers,
    body: request.body,
  };
}

type Fault = (request: PlannedRequest, options: RequestOptions) => PlannedRequest;

/** What clients do wrong. */
const faults: readonly Fault[] = [
  (request) => withoutHeader(request, 'authorization'),
  (request) => withHeader(request, 'authorization', 'Bearer not.a.token'),
  (request, { tokens }) => withHeader(request, 'authorization', `Bearer ${tokens.admin}`),
  (request, { tokens }) => withHeader(request, 'authorization', `Bearer ${tokens.service}`),
  (request, { tokens }) =>
    withHeader(request, 'authorization', `Bearer ${tokens.member('somebody-else')}`),
  (request) => ({ ...request, path: `${request.path}?pageSize=-1` }),
  (request) => ({ ...request, path: `${request.path}?noSuchParameter=1` }),
  (request) => ({ ...request, path: request.path.replace(/[^/:?]+$/, '%C3%28') }),
  (request) => ({ ...request, path: request.path.replace(/programs\/[^/:?]+/, 'programs/NO') }),
  (request) => withHeader(request, 'if-match', '"no-such-etag"'),
  (request) => withoutHeader(request, 'idempotency-key'),
  (request) => withHeader(request, 'expect', 'a miracle'),
  (request) => withHeader(request, 'content-type', 'text/plain'),
  (request) => ({ ...request, body: request.body && `${request.body.slice(0, -1)},` }),
  (request) => ({ ...request, body: request.body && '[]' }),
  (request) => changedBody(request, (body) => ({ ...body, noSuchField: true })),
  (request) => changedBody(request, (body) => ({ ...body, ...mapFirst(body, () => null) })),
  (request) => changedBody(request, (body) => ({ ...body, ...mapFirst(body, () => -1) })),
  (request) =>
    changedBody(request, (body) => ({ ...body, ...mapFirst(body, () => 'x'.repeat(5_000)) })),
  (request) => changedBody(request, (body) => ({ ...body, ...mapFirst(body, () => ({ a: [] })) })),
  (request) => changedBody(request, (body) => ({ ...body, reference: 'x'.repeat(1_100_000) })),
];

export function faultyRequestsOf(
  operation: Operation,
  options: RequestOptions,
): fc.Arbitrary<PlannedRequest> {
  return fc
    .tuple(requestsOf(operation, options), fc.constantFrom(...faults))
    .map(([request, fault]) => fault(request, options));
}

function withHeader(request: PlannedRequest, name: string, value: string): PlannedRequest {
  return { ...request, headers: { ...request.headers, [name]: value } };
}

function withoutHeader(request: PlannedRequest, name: string): PlannedRequest {
  const { [name]: _, ...headers } = request.headers;
  return { ...request, headers };
}

type Body = Readonly<Record<string, unknown>>;

function changedBody(request: PlannedRequest, change: (body: Body) => Body): PlannedRequest {
  if (request.body === undefined) return request;
  return { ...request, body: JSON.stringify(change(JSON.parse(request.body) as Body)) };
}

function mapFirst(body: Body, change: () => unknown): Body {
  const [first] = Object.keys(body);
  return first === undefined ? {} : { [first]: change() };
}

export interface Response {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly body: string;
}

/** Sends the request with its path as it is: a client that tidies paths would hide what is wrong with them. */
export async function send(
  baseUrl: string,
  { method, path, headers, body }: PlannedRequest,
): Promise<Response> {
  const { hostname, port } = new URL(baseUrl);
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  const sent = httpRequest(
    { hostname, port, method, path, headers: { ...headers, ...length } },
    (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          contentType: response.headers['content-type'],
          body: Buffer.concat(chunks).toString(),
        }),
      );
    },
  );
  sent.once('error', reject);
  sent.end(body);
  return promise;
}
