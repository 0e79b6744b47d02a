import type { Route } from '@loyalty/gateway/routes-from-descriptors.ts';
import type { Access } from '@loyalty/platform/auth/access.ts';
import type { Components } from './components.ts';
import { parametersOf } from './parameters.ts';
import { headerRef, type ProblemResponses } from './problem-responses.ts';
import type { RecordedExample, RecordedExamples } from './recorded-examples.ts';
import type { RequestSchemas } from './request-schemas.ts';
import type { ResponseSchemas } from './response-schemas.ts';
import type { Schema } from './schema.ts';
import { joined, summaryOf } from './texts.ts';

export interface OperationParts {
  readonly components: Components;
  readonly requests: RequestSchemas;
  readonly responses: ResponseSchemas;
  readonly problems: ProblemResponses;
  readonly examples: RecordedExamples;
}

/** A route as an operation of its path. */
export function operationOf(route: Route, parts: OperationParts): Schema {
  const { method, access, maskField } = route;
  const { comment } = parts.components;
  const example = parts.examples[method.localName];
  const text = comment(method);
  const body = parts.requests.body(route);
  return {
    operationId: method.localName,
    tags: [method.parent.name],
    summary: summaryOf(text),
    description: [joined(text, maskField && comment(maskField)), whoMayCall(access)].join('\n\n'),
    'x-roles': [...access.roles],
    parameters: parametersOf(route, { schemas: parts.requests, comment, example }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: body.isRequired,
            content: {
              'application/json': { schema: body.schema, ...exampleOf(example?.request.body) },
            },
          },
        }),
    responses: { ...successes(route, parts, example), ...parts.problems.of(route, example) },
  };
}

function whoMayCall({ roles, own }: Access): string {
  const backends = [
    roles.has('admin') ? 'admins' : '',
    roles.has('service') ? 'services' : '',
  ].filter(Boolean);
  const members: Record<NonNullable<Access['own']>, string> = {
    REQUEST_USER: 'members only for themselves, whom `me` stands for',
    LOADED_OWNER: 'members only for what is theirs; to others it does not exist',
    ANY: 'members',
  };
  const all = [...backends, ...(own === undefined ? [] : [members[own]])];
  return `Who may call: ${all.join(', ')}.`;
}

function successes(
  route: Route,
  { components, responses }: OperationParts,
  example: RecordedExample | undefined,
): Schema {
  const { method, status, httpMethod, location } = route;
  const schema = responses(route);
  const replayed = method.output.fields.find(({ name }) => name === 'replayed');
  const hasEtag =
    httpMethod === 'GET' ||
    (route.responseField?.message ?? method.output).fields.some(({ name }) => name === 'etag');
  const success = (code: number, description: string): [number, Schema] => [
    code,
    {
      description,
      headers: Object.fromEntries(
        [
          'X-Request-Id',
          ...(hasEtag ? ['ETag'] : []),
          ...(location !== undefined && code !== 200 ? ['Location'] : []),
        ].map((name) => [name, headerRef(name)]),
      ),
      content: { 'application/json': { schema, ...exampleOf(example?.responses[code]) } },
    },
  ];
  const byStatus = [success(status, components.comment(method.output))];
  if (status === 201 && replayed !== undefined) {
    byStatus.push(success(200, `${components.comment(replayed).replace(/^Whether/, 'When')}`));
  }
  if (httpMethod === 'GET') byStatus.push([304, notModified]);
  return Object.fromEntries(byStatus);
}

const notModified: Schema = {
  description: 'The client has the current response: its ETag is in If-None-Match.',
  headers: { 'X-Request-Id': headerRef('X-Request-Id'), ETag: headerRef('ETag') },
};

function exampleOf(value: unknown): Schema {
  return value === undefined ? {} : { example: value };
}
