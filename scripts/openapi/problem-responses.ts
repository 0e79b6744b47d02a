import { STATUS_CODES } from 'node:http';
import { HttpRefusal, httpRefusals, type RefusalStatus } from '@loyalty/gateway/http-refusal.ts';
import { anchorOf, problemContentType, problemOf } from '@loyalty/gateway/problem.ts';
import type { Route } from '@loyalty/gateway/routes-from-descriptors.ts';
import { ValidationFailed } from '@loyalty/platform/errors.ts';
import { capitalized } from './component-names.ts';
import type { ContractOptions, Reason } from './contract-options.ts';
import type { RecordedExample } from './recorded-examples.ts';
import { type Schema, schemaRef } from './schema.ts';

/** The body of every error: `Problem` in gateway/src/problem.ts. */
export const problemSchema: Schema = {
  description:
    'Why a request failed, as RFC 9457 has it. Decide by the reason; the texts are for people.',
  type: 'object',
  properties: {
    type: {
      description: 'Where the reason is explained; `about:blank` if the status says it all.',
      type: 'string',
      format: 'uri-reference',
    },
    title: { description: 'The reason in words.', type: 'string' },
    status: { description: 'The HTTP status.', type: 'integer' },
    detail: { description: 'What is wrong with this request.', type: 'string' },
    instance: { description: 'The request id.', type: 'string' },
    reason: {
      description: 'Why the request failed, from the catalog of reasons.',
      type: 'string',
    },
    metadata: {
      description: 'Details of the reason, such as `missingPoints`.',
      type: 'object',
      additionalProperties: { type: 'string' },
    },
    violations: {
      description: 'The fields at fault.',
      type: 'array',
      items: {
        type: 'object',
        properties: {
          field: {
            description:
              'The field, such as `transaction.items[2].quantity`; empty for the request itself.',
            type: 'string',
          },
          message: { description: 'What is wrong with it.', type: 'string' },
        },
        required: ['field', 'message'],
      },
    },
  },
  required: ['type', 'title', 'status', 'detail', 'instance', 'reason', 'metadata'],
};

export interface ProblemResponses {
  /** The errors of a route by status; what routes have in common refers to the components. */
  of(route: Route, example: RecordedExample | undefined): Record<string, Schema>;
  /** Responses that routes have in common, by name. */
  readonly components: Schema;
  /** A problem of each reason, by the reason. */
  readonly examples: Schema;
}

/** Statuses that clients tell apart. What every route has of the others is in one response, or nobody would see these. */
const notableStatuses = [400, 401, 403, 429, 503];
const otherName = 'Other';

export function createProblemResponses(options: ContractOptions): ProblemResponses {
  const ofAnyRoute = [
    ...options.reasons.filter(({ anyMethod }) => anyMethod),
    ...refusedBeforeRoutes.map(refusal),
  ];
  const ofBodies = refusedBodies.map(refusal);
  const others = [...ofAnyRoute, ...ofBodies]
    .filter(isOther)
    .sort((a, b) => a.httpStatus - b.httpStatus);
  const shared = byStatus(ofAnyRoute.filter((reason) => !isOther(reason))).map(
    ([status, reasons]): [string, Schema] => [
      sharedName(status),
      responseSchema(reasons, undefined),
    ],
  );
  shared.push([otherName, responseSchema(others, undefined)]);
  return {
    of(route, example) {
      const ofRoute = options.reasonsOf(route.method);
      const reasons = [...ofRoute, ...ofAnyRoute.filter((reason) => !isOther(reason))];
      const responses = byStatus(reasons).map(([status, those]): [string, Schema] => {
        const problem = example?.responses[status];
        const isShared = problem === undefined && !those.some((reason) => ofRoute.includes(reason));
        return [
          String(status),
          isShared ? responseRef(sharedName(status)) : responseSchema(those, problem),
        ];
      });
      return { ...Object.fromEntries(responses), default: responseRef(otherName) };
    },
    components: Object.fromEntries(shared),
    examples: exampleProblems(options.reasons),
  };
}

// A path of the document exists and allows its method.
const refusedBeforeRoutes = [408, 417, 431] as const;
const refusedBodies = [413, 415] as const;

/** A refusal by the gateway itself, which is in no catalog. */
const refusals = new Map(
  [...refusedBeforeRoutes, ...refusedBodies].map((status): [RefusalStatus, Reason] => {
    const { reason, title } = httpRefusals[status];
    return [
      status,
      {
        name: reason,
        httpStatus: status,
        meaning: `${title}.`,
        remedy: '',
        retryable: false,
        anyMethod: true,
      },
    ];
  }),
);

function refusal(status: RefusalStatus): Reason {
  const reason = refusals.get(status);
  if (reason === undefined) throw new Error(`There is no refusal ${status}`);
  return reason;
}

function isOther({ httpStatus }: Reason): boolean {
  return !notableStatuses.includes(httpStatus);
}

function byStatus(reasons: readonly Reason[]): [number, Reason[]][] {
  return [...Map.groupBy(reasons, ({ httpStatus }) => httpStatus)].sort(([a], [b]) => a - b);
}

function sharedName(status: number): string {
  return (STATUS_CODES[status] ?? '').split(/\W+/).map(capitalized).join('');
}

function responseRef(name: string): Schema {
  return { $ref: `#/components/responses/${name}` };
}

/** @param problem the recorded one, if there is one */
function responseSchema(reasons: readonly Reason[], problem: unknown): Schema {
  const statuses = [...new Set(reasons.map(({ httpStatus }) => httpStatus))].sort((a, b) => a - b);
  const names = reasons.map(({ name }) => name);
  const recordedReason = (problem as { reason?: string } | undefined)?.reason;
  const examples = names.map((name) => [
    name,
    name === recordedReason ? { value: problem } : { $ref: `#/components/examples/${name}` },
  ]);
  return {
    description: reasons.map((reason) => line(reason, statuses.length > 1)).join('\n'),
    headers: headersOf(statuses, reasons),
    content: {
      [problemContentType]: {
        schema: {
          allOf: [
            schemaRef('Problem'),
            {
              type: 'object',
              properties: { status: { enum: statuses }, reason: { enum: names } },
              required: ['status', 'reason'],
            },
          ],
        },
        examples: Object.fromEntries(examples),
      },
    },
  };
}

function line({ name, httpStatus, meaning, remedy }: Reason, saysStatus: boolean): string {
  const isInCatalog = !refusals.has(httpStatus as RefusalStatus);
  const reason = isInCatalog ? `[\`${name}\`](/docs/errors#${anchorOf(name)})` : `\`${name}\``;
  return `- ${saysStatus ? `${httpStatus} ` : ''}${reason}: ${meaning} ${remedy}`.trimEnd();
}

function headersOf(statuses: readonly number[], reasons: readonly Reason[]): Schema {
  const names = ['X-Request-Id'];
  if (statuses.includes(401)) names.push('WWW-Authenticate');
  if (reasons.some(({ retryable }) => retryable)) names.push('Retry-After');
  if (statuses.includes(429)) names.push('RateLimit', 'RateLimit-Policy');
  return Object.fromEntries(names.map((name) => [name, headerRef(name)]));
}

export function headerRef(name: string): Schema {
  return { $ref: `#/components/headers/${name}` };
}

/** What the gateway would make of a reason alone, for operations of which no such problem was recorded. */
function exampleProblems(reasons: readonly Reason[]): Schema {
  return Object.fromEntries(
    [...reasons, ...refusals.values()].map((reason) => [
      reason.name,
      { summary: reason.meaning, value: madeProblem(reason) },
    ]),
  );
}

const requestId = '5c0f7f0e-6f0a-4a53-9f55-0b1c2d3e4f50';

function madeProblem({ name, httpStatus, meaning }: Reason): unknown {
  if (refusals.has(httpStatus as RefusalStatus)) {
    return problemOf(new HttpRefusal(httpStatus as RefusalStatus, meaning), requestId).problem;
  }
  const error =
    name === 'VALIDATION_FAILED'
      ? new ValidationFailed([{ field: 'programId', message: 'must be given' }])
      : Object.assign(new Error(meaning), { reason: name });
  return problemOf(error, requestId).problem;
}
