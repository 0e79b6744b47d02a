/** From the project's top. */
export const postmanCollectionFile = 'docs/loyalty.postman_collection.json';

/** Of an OpenAPI document, what a collection is made of. */
interface OpenApi {
  readonly info: { readonly title: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description: string;
  readonly 'x-roles': readonly string[];
  readonly parameters: readonly (Parameter | { readonly $ref: string })[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly example?: object }>>;
  };
}

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly description: string;
  readonly required?: boolean;
  readonly example?: string | number | readonly string[];
}

/** What requests have in common; the values fit what `npm start` sets up. */
const variables = {
  baseUrl: 'http://localhost:8080',
  memberToken: '',
  serviceToken: '',
  adminToken: '',
  programId: 'wine-dine',
  userId: 'alice',
  rewardId: 'glass',
  version: '1',
  transactionId: 'order-1',
  redemptionId: '019ca8a3-7b40-7000-8000-000000000001',
  deadLetterId: '1',
} as const;

const introduction = `Every request of the gateway. Set the variables of the collection: \`baseUrl\`, the ids, and a token for each role that you use.

\`npm start\` writes tokens to \`.local/env\`: LOYALTY_MEMBER_TOKEN, LOYALTY_SERVICE_TOKEN and LOYALTY_ADMIN_TOKEN. Each request has the token of the least powerful role that may send it. \`Idempotency-Key\` is new each time you send; put a fixed text there to repeat a request.`;

/** The collection of the requests that the document describes. */
export function postmanCollection(openApi: string): string {
  const { info, tags, paths } = JSON.parse(openApi) as OpenApi;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const collection = {
    info: {
      name: info.title,
      description: introduction,
      schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json',
    },
    item: tags.map(({ name, description }) => ({
      name,
      description,
      item: operations.filter(({ operation }) => operation.tags[0] === name).map(itemOf),
    })),
    variable: Object.entries(variables).map(([key, value]) => ({ key, value })),
  };
  return `${JSON.stringify(collection, undefined, 2)}\n`;
}

interface Source {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
}

function itemOf({ path, method, operation }: Source) {
  const { operationId, summary, description, 'x-roles': roles, requestBody } = operation;
  // Those that are shared are optional headers, which clients rarely set by hand.
  const parameters = operation.parameters.filter((parameter) => 'name' in parameter);
  const headers = parameters.filter((parameter) => parameter.in === 'header').map(headerOf);
  const body = requestBody?.content['application/json'];
  return {
    name: summary,
    request: {
      method: method.toUpperCase(),
      description,
      auth: { type: 'bearer', bearer: [{ key: 'token', value: tokenOf(roles), type: 'string' }] },
      header: body === undefined ? headers : [jsonHeader, ...headers],
      url: urlOf(path, parameters),
      ...(body === undefined ? {} : { body: bodyOf(operationId, body.example ?? {}) }),
    },
    response: [],
  };
}

const jsonHeader = { key: 'Content-Type', value: 'application/json' };

function headerOf({ name, description, required = false }: Parameter) {
  const value = name === 'Idempotency-Key' ? '{{$guid}}' : '';
  return { key: name, value, description, ...(required ? {} : { disabled: true }) };
}

function tokenOf(roles: readonly string[]): string {
  const role = ['member', 'service', 'admin'].find((candidate) => roles.includes(candidate));
  return `{{${role}Token}}`;
}

/** Filters that the operation doesn't need are there to be switched on. */
function urlOf(template: string, parameters: readonly Parameter[]) {
  const path = template.replaceAll(/\{(\w+)\}/g, '{{$1}}');
  const query = parameters
    .filter((parameter) => parameter.in === 'query')
    .map(({ name, description, required = false, example = '' }) => ({
      key: name,
      value: String([example].flat()[0]),
      description,
      ...(required ? {} : { disabled: true }),
    }));
  const sent = query.filter((parameter) => !('disabled' in parameter));
  const text = sent.map(({ key, value }) => `${key}=${value}`).join('&');
  return {
    raw: `{{baseUrl}}${path}${text === '' ? '' : `?${text}`}`,
    host: ['{{baseUrl}}'],
    path: path.slice(1).split('/'),
    ...(query.length === 0 ? {} : { query }),
  };
}

/** The example, about the user and reward of the variables unless it creates one. */
function bodyOf(operationId: string, example: object) {
  const members = Object.entries(example).map(([name, value]) =>
    name in variables && !operationId.startsWith('create') ? [name, `{{${name}}}`] : [name, value],
  );
  return {
    mode: 'raw',
    raw: JSON.stringify(Object.fromEntries(members), undefined, 2),
    options: { raw: { language: 'json' } },
  };
}
