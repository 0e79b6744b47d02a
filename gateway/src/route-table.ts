import type { PathTemplate } from './path-template.ts';

/** What a route needs to be found. */
export interface Routable {
  readonly httpMethod: string;
  readonly template: PathTemplate;
}

export type Match<R extends Routable> =
  /** `values` are the raw segments that stand for the template's fields, still percent-encoded, from left to right. */
  | { readonly found: 'route'; readonly route: R; readonly values: readonly string[] }
  /** The path exists, but not with this method. */
  | { readonly found: 'path'; readonly allow: readonly string[] }
  | { readonly found: 'nothing' };

/** Finds the route of a request. HEAD is served by GET. */
export type RouteTable<R extends Routable> = (httpMethod: string, rawPath: string) => Match<R>;

interface Node<R> {
  readonly literals: Map<string, Node<R>>;
  variable: Node<R> | undefined;
  /** By verb, then by method. */
  readonly ends: Map<string, Map<string, R>>;
}

interface End<R> {
  readonly routes: ReadonlyMap<string, R>;
  readonly values: string[];
}

/** @throws {Error} when two routes have the same method and path */
export function createRouteTable<R extends Routable>(routes: readonly R[]): RouteTable<R> {
  const root = emptyNode<R>();
  for (const route of routes) insert(root, route);
  const depthMax = Math.max(0, ...routes.map(({ template }) => template.segments.length));
  return (httpMethod, rawPath) => {
    if (!rawPath.startsWith('/')) return { found: 'nothing' };
    const segments = rawPath.slice(1).split('/', depthMax + 1);
    const end = segments.length > depthMax ? undefined : find(root, segments, 0);
    if (end === undefined) return { found: 'nothing' };
    const route = end.routes.get(httpMethod === 'HEAD' ? 'GET' : httpMethod);
    if (route !== undefined) return { found: 'route', route, values: end.values };
    const allow = [...end.routes.keys()].flatMap((name) =>
      name === 'GET' ? ['GET', 'HEAD'] : [name],
    );
    return { found: 'path', allow: allow.toSorted() };
  };
}

function emptyNode<R>(): Node<R> {
  return { literals: new Map(), variable: undefined, ends: new Map() };
}

function insert<R extends Routable>(root: Node<R>, route: R): void {
  let node = root;
  for (const segment of route.template.segments) {
    if ('field' in segment) {
      node.variable ??= emptyNode();
      node = node.variable;
    } else {
      let next = node.literals.get(segment.literal);
      if (next === undefined) {
        next = emptyNode();
        node.literals.set(segment.literal, next);
      }
      node = next;
    }
  }
  const { verb } = route.template;
  const byMethod = node.ends.get(verb) ?? new Map<string, R>();
  if (byMethod.has(route.httpMethod)) {
    throw new Error(`two routes are ${route.httpMethod} ${describe(route.template)}`);
  }
  node.ends.set(verb, byMethod.set(route.httpMethod, route));
}

function describe({ segments, verb }: PathTemplate): string {
  const parts = segments.map((segment) => ('field' in segment ? '{}' : segment.literal));
  return `/${parts.join('/')}${verb === '' ? '' : `:${verb}`}`;
}

/** The end of the path whose segments from `index` on are still to be found below the node. */
function find<R>(node: Node<R>, segments: readonly string[], index: number): End<R> | undefined {
  const segment = segments[index];
  if (segment === undefined) return undefined;
  if (index === segments.length - 1) return findEnd(node, segment);
  const literal = node.literals.get(segment);
  const end = literal && find(literal, segments, index + 1);
  if (end !== undefined || node.variable === undefined || segment === '') return end;
  return withValue(find(node.variable, segments, index + 1), segment);
}

/**
 * A colon may belong to an id ("auth0:123") as well as introduce a verb. It is a verb where the table has it at
 * this place, whatever the method is, so that a path means the same thing to every method.
 */
function findEnd<R>(node: Node<R>, segment: string): End<R> | undefined {
  const colon = segment.lastIndexOf(':');
  if (colon > 0) {
    const verb = segment.slice(colon + 1);
    const end = verb === '' ? undefined : endAt(node, segment.slice(0, colon), verb);
    if (end !== undefined) return end;
  }
  return endAt(node, segment, '');
}

/** A literal goes before the variable. */
function endAt<R>(node: Node<R>, segment: string, verb: string): End<R> | undefined {
  const literal = node.literals.get(segment)?.ends.get(verb);
  if (literal !== undefined) return { routes: literal, values: [] };
  const variable = segment === '' ? undefined : node.variable?.ends.get(verb);
  return variable && { routes: variable, values: [segment] };
}

/** The end of a path that has the value before those that come later. */
function withValue<R>(end: End<R> | undefined, value: string): End<R> | undefined {
  end?.values.unshift(value);
  return end;
}
