/** A JSON Schema (2020-12), as OpenAPI 3.1 has them. */
export interface Schema {
  readonly [keyword: string]: unknown;
}

/** Where a schema of the document is found by others. */
export function schemaRef(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}
