// gateway/openapi.json: what the gateway serves, as OpenAPI 3.1. Everything in it comes from the contracts and from the
// gateway's own routes, which are read from the contracts, too.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DescService, FileRegistry } from '@bufbuild/protobuf';
import { type Route, readRoutes } from '@loyalty/gateway/routes-from-descriptors.ts';
import { upstreamsOf } from '@loyalty/gateway/wiring.ts';
import { root } from '../commands.ts';
import { contractRegistry } from '../contract-registry.ts';
import { createComponents } from './components.ts';
import { readContractOptions } from './contract-options.ts';
import { type OperationParts, operationOf } from './operations.ts';
import { commonParameters } from './parameters.ts';
import { createProblemResponses, problemSchema } from './problem-responses.ts';
import { type RecordedExamples, readRecordedExamples } from './recorded-examples.ts';
import { createRequestSchemas } from './request-schemas.ts';
import { createResponseSchemas } from './response-schemas.ts';
import type { Schema } from './schema.ts';

/** From the project's top. */
export const openApiFile = 'gateway/openapi.json';

const introduction = `Loyalty points as a platform: programs with their rules and rewards, memberships, earns and redemptions.

**Values.** Names are in camelCase. Numbers, texts, lists and maps are always present in responses; objects that are unset are absent. Integers of 64 bits are JSON numbers within ±(2^53 − 1); requests may have them as decimal strings, too. A field that is \`null\` is the same as an absent one, except in a PATCH, where it clears the field. Unknown fields are refused.

**Errors.** Every error is a problem as in RFC 9457, with a \`reason\` from the [catalog](/docs/errors). A path that isn't listed here is 404 with the reason ROUTE_NOT_FOUND, and a method that a path doesn't have is 405 METHOD_NOT_ALLOWED with the header \`Allow\`.

**Caching.** Every GET has an ETag and is served for HEAD, too.`;

/** The document, from the contracts as they are now. */
export async function openApiDocument(): Promise<string> {
  const registry = await contractRegistry();
  const document = documentOf(registry, await readRecordedExamples(), await packageVersion());
  return `${JSON.stringify(document, null, 2)}\n`;
}

async function packageVersion(): Promise<string> {
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  return (manifest as { version: string }).version;
}

function documentOf(registry: FileRegistry, examples: RecordedExamples, version: string): Schema {
  const services = servedServices(registry);
  const routes = readRoutes(services);
  const options = readContractOptions(registry);
  const components = createComponents(registry);
  components.add('Problem', { owner: 'the gateway', make: () => problemSchema });
  const problems = createProblemResponses(options);
  const parts: OperationParts = {
    components,
    requests: createRequestSchemas(components, options),
    responses: createResponseSchemas(components, routes),
    problems,
    examples,
  };
  const paths = pathsOf(routes, parts);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Loyalty platform',
      version,
      description: introduction,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'The gateway that serves this document' }],
    security: [{ bearer: [] }],
    tags: services.map((service) => ({
      name: service.name,
      description: components.comment(service),
    })),
    paths,
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description:
            'A signed token. Its claim `roles` has `admin`, `service` or `member`, and `sub` is the user or backend; a claim `programs` limits it to those programs. `npm start` writes one for each role to `.local/env`.',
        },
      },
      parameters: commonParameters,
      headers: responseHeaders,
      schemas: components.schemas(),
      responses: problems.components,
      examples: problems.examples,
    },
  };
}

/** The services behind the gateway, with the comments that the generated code lacks. */
function servedServices(registry: FileRegistry): DescService[] {
  const upstreams = upstreamsOf({ programsAddress: '', ledgerAddress: '', webhooksAddress: '' });
  return upstreams
    .flatMap(({ services }) => services)
    .map(({ typeName }) => {
      const service = registry.getService(typeName);
      if (service === undefined) throw new Error(`The contracts have no service ${typeName}`);
      return service;
    });
}

/** In the order of the contracts. */
function pathsOf(routes: readonly Route[], parts: OperationParts): Schema {
  const paths: Record<string, Schema> = {};
  for (const route of routes) {
    const path = pathOf(route);
    paths[path] = { ...paths[path], [route.httpMethod.toLowerCase()]: operationOf(route, parts) };
  }
  return paths;
}

/** With the names that fields have in JSON. */
function pathOf({ template, pathFields }: Route): string {
  const names = new Map(pathFields.map(({ name, jsonName }) => [name, jsonName]));
  const segments = template.segments.map((segment) =>
    'literal' in segment ? segment.literal : `{${names.get(segment.field)}}`,
  );
  return `/${segments.join('/')}${template.verb === '' ? '' : `:${template.verb}`}`;
}

const responseHeaders: Schema = {
  'X-Request-Id': {
    description: 'The request id: the one that was sent, or a new one.',
    required: true,
    schema: { type: 'string' },
  },
  ETag: {
    description:
      'Changes with the response. Send it in If-None-Match, and in If-Match where the operation takes it.',
    schema: { type: 'string' },
  },
  Location: {
    description: 'The path of what was created.',
    schema: { type: 'string', format: 'uri-reference' },
  },
  'Retry-After': {
    description: 'When to try again, in seconds. Absent where no time is known.',
    schema: { type: 'integer', minimum: 1 },
  },
  RateLimit: {
    description: 'What is left of the quota that is used up, and the seconds until it is renewed.',
    schema: { type: 'string' },
  },
  'RateLimit-Policy': {
    description: 'The quota that is used up, and its window in seconds.',
    schema: { type: 'string' },
  },
  'WWW-Authenticate': {
    description: 'How to authenticate.',
    schema: { type: 'string' },
  },
};
