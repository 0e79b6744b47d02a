import type { DescField } from '@bufbuild/protobuf';
import type { Route } from '@loyalty/gateway/routes-from-descriptors.ts';
import { isRequired } from './constraints.ts';
import type { RecordedExample } from './recorded-examples.ts';
import { isCallersId, type RequestSchemas } from './request-schemas.ts';
import type { Schema } from './schema.ts';
import { type CommentReader, joined } from './texts.ts';

/** What every request can have, by the names of the components. */
export const commonParameters = {
  RequestId: {
    name: 'X-Request-Id',
    in: 'header',
    description:
      'Identifies the request in logs and responses. A new one is made when it is absent or has other characters.',
    schema: { type: 'string', pattern: '^[\\w.:/+=@-]{1,128}$' },
  },
  TraceParent: {
    name: 'Traceparent',
    in: 'header',
    description: 'The W3C trace context that the request belongs to.',
    schema: { type: 'string' },
  },
  IfNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    description:
      'ETags of earlier responses. If one of them is current, the response is 304 without a body.',
    schema: { type: 'string' },
  },
} as const;

/** All parameters of a route: of its path, query and headers, and those that every request can have. */
export function parametersOf(
  route: Route,
  options: {
    schemas: RequestSchemas;
    comment: CommentReader;
    example: RecordedExample | undefined;
  },
): Schema[] {
  const request = options.example?.request;
  const parameter = (
    field: DescField,
    place: 'path' | 'query' | 'header',
    name: string,
  ): Schema => {
    const takesMe = place === 'path' && isCallersId(field);
    const given = { path: request?.path, query: request?.query, header: request?.headers }[place];
    const schema = options.schemas.parameter(field, { takesMe });
    return {
      name,
      in: place,
      description: joined(
        options.comment(field),
        takesMe ? '`me` stands for the subject of the token.' : '',
      ),
      ...(place === 'path' || isRequired(field) ? { required: true } : {}),
      schema,
      ...(given?.[name] === undefined ? {} : { example: exampleFor(schema, given[name]) }),
    };
  };
  return [
    ...route.pathFields.map((field) => parameter(field, 'path', field.jsonName)),
    ...route.queryFields.map((field) => parameter(field, 'query', field.jsonName)),
    ...route.headerFields.map(({ field, header }) => parameter(field, 'header', header)),
    ...(route.httpMethod === 'GET' ? [parameterRef('IfNoneMatch')] : []),
    parameterRef('RequestId'),
    parameterRef('TraceParent'),
  ];
}

/** A value as it was sent, in the type that the schema has. */
function exampleFor({ type }: Schema, value: unknown): unknown {
  return type === 'integer' ? Number(value) : value;
}

function parameterRef(name: keyof typeof commonParameters): Schema {
  return { $ref: `#/components/parameters/${name}` };
}
