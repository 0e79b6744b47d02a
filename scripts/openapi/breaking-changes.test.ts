import { describe, expect, test } from '@jest/globals';
import { breakingChanges } from './breaking-changes.ts';
import type { Schema } from './schema.ts';

/** A document with one operation, and the schemas of its request and its response. */
function documentOf(change: {
  operation?: Schema;
  parameter?: Schema;
  input?: Schema;
  inputKeywords?: Schema;
  output?: Schema;
  outputRequired?: string[];
  success?: string;
}): Schema {
  const operation = {
    operationId: 'createThing',
    'x-roles': ['admin', 'member'],
    parameters: [
      { name: 'pageSize', in: 'query', schema: { type: 'integer' }, ...change.parameter },
      { $ref: '#/components/parameters/RequestId' },
    ],
    requestBody: {
      required: false,
      content: { 'application/json': { schema: { $ref: '#/components/schemas/ThingInput' } } },
    },
    responses: {
      [change.success ?? '201']: {
        headers: { ETag: {} },
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Thing' } } },
      },
      '404': {},
    },
    ...change.operation,
  };
  return {
    paths: { '/things': { post: operation } },
    components: {
      parameters: { RequestId: { name: 'X-Request-Id', in: 'header', schema: { type: 'string' } } },
      schemas: {
        ThingInput: {
          type: 'object',
          properties: { ...inputProperties, ...change.input },
          required: ['name'],
          additionalProperties: false,
          ...change.inputKeywords,
        },
        Inner: { type: 'object' },
        Thing: {
          type: 'object',
          properties: { ...outputProperties, ...change.output },
          required: change.outputRequired ?? ['name'],
        },
      },
    },
  };
}

const inputProperties = {
  name: { type: 'string', minLength: 1, maxLength: 10, not: { enum: ['me'] } },
  points: { type: ['integer', 'string'], minimum: 1 },
  kind: { type: 'string', enum: ['ONE', 'OTHER'] },
  words: { type: 'array', items: { type: 'string' }, maxItems: 3 },
  inner: { anyOf: [{ $ref: '#/components/schemas/Inner' }, { type: 'null' }] },
};
const outputProperties = { name: { type: 'string' }, points: { type: 'integer' } };

const original = documentOf({});

const breaking: [string, Schema, string][] = [
  ['a removed path', { ...original, paths: {} }, 'POST /things: was removed'],
  ['a removed operation', { ...original, paths: { '/things': {} } }, 'POST /things: was removed'],
  [
    'another operationId',
    documentOf({ operation: { operationId: 'addThing' } }),
    'POST /things: the operationId createThing became addThing',
  ],
  [
    'a role that may no longer call',
    documentOf({ operation: { 'x-roles': ['admin'] } }),
    'POST /things: the role member may no longer call',
  ],
  [
    'a removed parameter',
    documentOf({ operation: { parameters: [{ $ref: '#/components/parameters/RequestId' }] } }),
    'POST /things: the parameter pageSize (query) was removed',
  ],
  [
    'a parameter that became required',
    documentOf({ parameter: { required: true } }),
    'POST /things: the parameter pageSize (query) became required',
  ],
  [
    'a new required parameter',
    documentOf({ parameter: { name: 'pageToken', required: true } }),
    'POST /things: pageToken (query) is a new required parameter',
  ],
  [
    'a narrower parameter',
    documentOf({ parameter: { schema: { type: 'integer', maximum: 5 } } }),
    'POST /things: the parameter pageSize (query): maximum is 5 and was unlimited',
  ],
  [
    'a body that became required',
    documentOf({
      operation: {
        requestBody: {
          required: true,
          content: { 'application/json': { schema: { $ref: '#/components/schemas/ThingInput' } } },
        },
      },
    }),
    'POST /things: the body became required',
  ],
  [
    'another media type',
    documentOf({ operation: { requestBody: { content: { 'text/plain': {} } } } }),
    'POST /things: the body lost the type application/json',
  ],
  [
    'a field of a request that became required',
    documentOf({ inputKeywords: { required: ['name', 'kind'] } }),
    'ThingInput in requests: the field kind became required',
  ],
  [
    'a field that a request may no longer have',
    documentOf({ input: { kind: undefined } }),
    'ThingInput in requests: the field kind was removed',
  ],
  [
    'a value that a request may no longer have',
    documentOf({ input: { kind: { type: 'string', enum: ['ONE'] } } }),
    'ThingInput in requests: kind: the value OTHER was removed',
  ],
  [
    'a list of values where all were accepted',
    documentOf({ parameter: { schema: { type: 'integer', enum: [1] } } }),
    'POST /things: the parameter pageSize (query): only some values are accepted',
  ],
  [
    'a lower bound that was raised',
    documentOf({ input: { points: { type: ['integer', 'string'], minimum: 2 } } }),
    'ThingInput in requests: points: minimum is 2 and was 1',
  ],
  [
    'an upper bound that was lowered',
    documentOf({ input: { words: { type: 'array', items: { type: 'string' }, maxItems: 2 } } }),
    'ThingInput in requests: words: maxItems is 2 and was 3',
  ],
  [
    'a new pattern',
    documentOf({ input: { name: { ...inputProperties.name, pattern: '^a' } } }),
    'ThingInput in requests: name: the pattern changed',
  ],
  [
    'another reserved value',
    documentOf({ input: { name: { ...inputProperties.name, not: { enum: ['me', 'you'] } } } }),
    'ThingInput in requests: name: the value you is refused',
  ],
  [
    'items that have to be unique',
    documentOf({ input: { words: { ...inputProperties.words, uniqueItems: true } } }),
    'ThingInput in requests: words: items have to be unique',
  ],
  [
    'another type of items',
    documentOf({ input: { words: { ...inputProperties.words, items: { type: 'integer' } } } }),
    'ThingInput in requests: words: an item: the type string became integer',
  ],
  [
    'a type that a request may no longer have',
    documentOf({ input: { points: { type: 'integer', minimum: 1 } } }),
    'ThingInput in requests: points: the type integer | string became integer',
  ],
  [
    'a null that a request may no longer have',
    documentOf({ input: { inner: { $ref: '#/components/schemas/Inner' } } }),
    'ThingInput in requests: inner: the type object | null became object',
  ],
  [
    'a choice that has to be made',
    documentOf({ inputKeywords: { oneOf: [{ title: 'points', required: ['points'] }] } }),
    'ThingInput in requests: one of points has to be chosen',
  ],
  [
    'another status of success',
    documentOf({ success: '200' }),
    'POST /things: the response 201 was removed',
  ],
  [
    'a header that responses no longer have',
    documentOf({
      operation: {
        responses: {
          '201': {
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Thing' } } },
          },
        },
      },
    }),
    'POST /things: the response 201 lost the header ETag',
  ],
  [
    'a field that responses no longer have',
    documentOf({ output: { points: undefined } }),
    'Thing in responses: the field points was removed',
  ],
  [
    'a field that responses may lack',
    documentOf({ outputRequired: [] }),
    'Thing in responses: the field name may be absent',
  ],
  [
    'another type in responses',
    documentOf({ output: { points: { type: 'string' } } }),
    'Thing in responses: points: the type integer became string',
  ],
  [
    'another format in responses',
    documentOf({ output: { name: { type: 'string', format: 'date-time' } } }),
    'Thing in responses: name: the format none became date-time',
  ],
];

describe('a change that breaks clients is named:', () => {
  test.each(breaking)('%s', (_name, changed, line) => {
    expect(breakingChanges(original, changed)).toContain(line);
  });
});

describe('no client is broken by', () => {
  const harmless: [string, Schema][] = [
    ['the same document', documentOf({})],
    ['a new path', { ...original, paths: { ...(original['paths'] as Schema), '/more': {} } }],
    ['a new field that a request may have', documentOf({ input: { more: { type: 'string' } } })],
    ['a new field in responses', documentOf({ output: { more: { type: 'string' } } })],
    ['a field that responses always have now', documentOf({ outputRequired: ['name', 'points'] })],
    ['a wider bound', documentOf({ input: { points: { type: ['integer', 'string'] } } })],
    [
      'another value that a request may have',
      documentOf({ input: { kind: { type: 'string', enum: ['ONE', 'OTHER', 'MORE'] } } }),
    ],
    ['a field that is no longer required', documentOf({ inputKeywords: { required: [] } })],
  ];
  test.each(harmless)('%s', (_name, changed) => {
    expect(breakingChanges(original, changed)).toEqual([]);
  });
});
