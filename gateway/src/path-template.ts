/** One segment of a path: a text that must be there, or the place of a field's value. */
export type Segment =
  | { readonly literal: string }
  /** Dotted path of a field in proto names, such as `program.program_id`. */
  | { readonly field: string };

/** A path template of google.api.http, without the wildcards that span several segments. */
export interface PathTemplate {
  readonly segments: readonly Segment[];
  /** What follows the final colon, empty if there is none. */
  readonly verb: string;
}

const fieldPattern = /^\{([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*)(?:=\*)?\}$/;
const literalPattern = /^[A-Za-z0-9._~-]+$/;

/** @throws {Error} for a template that this gateway can't serve; it is a mistake in the contract */
export function parsePathTemplate(text: string): PathTemplate {
  const [, path, verb = ''] = /^\/(.+?)(?::([A-Za-z0-9]+))?$/.exec(text) ?? [];
  if (path === undefined) throw new Error(`path template "${text}" must start with a slash`);
  const segments = path.split('/').map((part): Segment => {
    const field = fieldPattern.exec(part)?.[1];
    if (field !== undefined) return { field };
    if (literalPattern.test(part)) return { literal: part };
    throw new Error(`path template "${text}" has a segment that can't be served: "${part}"`);
  });
  return { segments, verb };
}

/** The template's fields, from left to right. */
export function fieldsOf(template: PathTemplate): string[] {
  return template.segments.flatMap((segment) => ('field' in segment ? [segment.field] : []));
}

/** The path with every field replaced by its percent-encoded value. */
export function expandPath(template: PathTemplate, textOf: (field: string) => string): string {
  const parts = template.segments.map((segment) =>
    'literal' in segment ? segment.literal : encodeURIComponent(textOf(segment.field)),
  );
  return `/${parts.join('/')}${template.verb === '' ? '' : `:${template.verb}`}`;
}
