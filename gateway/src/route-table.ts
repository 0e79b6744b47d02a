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
  readonly values: readonly string[];
}

/** @throws {Error} when two routes have the same method and path */
export function createRouteTable<R extends Routable>(routes: readonly R[]): RouteTable<R> {
  const root = emptyNode<R>();
  for (const route of routes) insert(root, route);
  const depthMax = Math.max(0, ...routes.map(({ template }) => template.segments.length));
  return (httpMethod, rawPath) => {
    if (!rawPath.startsWith('/')) return { found: 'nothing' };
    const segments = rawPath.slice(1).split('/', depthMax + 1);
    const end = segments.length > depthMax ? undefined : find(root, segments, []);
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

function find<R>(
  node: Node<R>,
  segments: readonly string[],
  values: readonly string[],
): End<R> | undefined {
  const [segment, ...rest] = segments;
  if (segment === undefined) return undefined;
  if (rest.length === 0) return findEnd(node, segment, values);
  for (const [next, taken] of step(node, segment)) {
    const end = find(next, rest, [...values, ...taken]);
    if (end !== undefined) return end;
  }
  return undefined;
}

/**
 * A colon may belong to an id ("auth0:123") as well as introduce a verb. It is a verb where the table has it at
 * this place, whatever the method is, so that a path means the same thing to every method.
 */
function findEnd<R>(node: Node<R>, segment: string, values: readonly string[]): End<R> | undefined {
  const colon = segment.lastIndexOf(':');
  if (colon > 0) {
    const verb = segment.slice(colon + 1);
    const end = verb === '' ? undefined : endAt(node, segment.slice(0, colon), verb, values);
    if (end !== undefined) return end;
  }
  return endAt(node, segment, '', values);
}

function endAt<R>(
  node: Node<R>,
  segment: string,
  verb: string,
  values: readonly string[],
): End<R> | undefined {
  for (const [next, taken] of step(node, segment)) {
    const routes = next.ends.get(verb);
    if (routes !== undefined) return { routes, values: [...values, ...taken] };
  }
  return undefined;
}

/** Where a segment leads, the literal before the variable; with the value that it gives the variable. */
function* step<R>(node: Node<R>, segment: string): Generator<[Node<R>, string[]]> {
  const literal = node.literals.get(segment);
  if (literal !== undefined) yield [literal, []];
  if (node.variable !== undefined && segment !== '') yield [node.variable, [segment]];
}
