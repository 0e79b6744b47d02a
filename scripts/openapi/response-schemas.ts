import { type DescField, type DescMessage, getOption } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import { oneof as oneofRules } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import type { Route } from '@loyalty/gateway/routes-from-descriptors.ts';
import { allLoaded, type UnloadedFields } from '@loyalty/platform/json/message-to-json.ts';
import { componentName, nameWithout, unloadedPaths } from './component-names.ts';
import type { Components } from './components.ts';
import { rulesOf } from './constraints.ts';
import { type Schema, schemaRef } from './schema.ts';
import { described } from './texts.ts';
import { elementSchema, oneofKeywords, wellKnownSchema } from './value-schemas.ts';

/** The schema of a route's success. */
export type ResponseSchemas = (route: Route) => Schema;

interface Content {
  readonly desc: DescMessage;
  readonly unloaded: UnloadedFields;
}

/**
 * Makes the schemas of what the gateway returns: scalars, lists and maps are always present; what is unset is absent.
 * A message that some methods load less of has a schema for each extent.
 */
export function createResponseSchemas(
  components: Components,
  routes: readonly Route[],
): ResponseSchemas {
  const extents = new Map<string, Set<string>>();
  for (const route of routes) collectExtents(contentOf(route), extents);

  const nameOf = ({ desc, unloaded }: Content) => {
    const paths = unloadedPaths(unloaded);
    const isOnlyExtent = extents.get(desc.typeName)?.size === 1;
    return paths.length === 0 || isOnlyExtent
      ? componentName(desc)
      : nameWithout(componentName(desc), paths);
  };
  const refTo = (content: Content): Schema => {
    const name = nameOf(content);
    const owner = `${content.desc.typeName} in responses`;
    components.add(name, { owner, make: () => messageSchema(content) });
    return schemaRef(name);
  };
  const messageSchema = ({ desc, unloaded }: Content): Schema => {
    const fields = desc.fields.filter((field) => unloaded.get(field) !== 'ALL');
    const alwaysThere = fields.filter(isAlwaysThere).map(({ jsonName }) => jsonName);
    return {
      ...described(components.comment(desc)),
      type: 'object',
      properties: Object.fromEntries(
        fields.map((field) => [field.jsonName, fieldSchema(field, unloaded.get(field))]),
      ),
      ...(alwaysThere.length > 0 ? { required: alwaysThere } : {}),
      ...oneofKeywords(desc, {
        has: (field) => fields.includes(field),
        isRequired: (oneof) => getOption(oneof, oneofRules).required,
      }),
    };
  };
  const fieldSchema = (field: DescField, within: UnloadedFields | 'ALL' | undefined): Schema => {
    const element = elementSchema(field, {
      ofMessage: (desc) => refTo({ desc, unloaded: within instanceof Map ? within : allLoaded }),
      ofEnum: (desc) => components.enumRef(desc),
      direction: 'response',
    });
    const description = described(components.comment(field));
    if (field.fieldKind === 'list') return { ...description, type: 'array', items: element };
    if (field.fieldKind === 'map') {
      return { ...description, type: 'object', additionalProperties: element };
    }
    return { ...description, ...element };
  };
  return (route) => {
    const content = contentOf(route);
    return wellKnownSchema(content.desc) ?? refTo(content);
  };
}

function contentOf({ method, responseField, unloaded }: Route): Content {
  if (responseField === undefined) return { desc: method.output, unloaded };
  const within = unloaded.get(responseField);
  return { desc: responseField.message, unloaded: within instanceof Map ? within : allLoaded };
}

function collectExtents({ desc, unloaded }: Content, extents: Map<string, Set<string>>): void {
  if (wellKnownSchema(desc) !== undefined) return;
  const known = extents.get(desc.typeName) ?? new Set();
  const extent = unloadedPaths(unloaded).join();
  if (known.has(extent)) return;
  extents.set(desc.typeName, known.add(extent));
  for (const field of desc.fields) {
    const within = unloaded.get(field);
    if (within === 'ALL' || field.message === undefined) continue;
    collectExtents({ desc: field.message, unloaded: within ?? allLoaded }, extents);
  }
}

/** A message that no request may lack isn't lacking in what was made of the request. */
function isAlwaysThere(field: DescField): boolean {
  if (field.fieldKind === 'list' || field.fieldKind === 'map') return true;
  return field.presence === FeatureSet_FieldPresence.IMPLICIT || rulesOf(field).required;
}
