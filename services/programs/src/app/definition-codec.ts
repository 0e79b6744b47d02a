/** Turns what an operator wrote into JSON, for the database and the audit, and back. */
export interface DefinitionCodec<Definition> {
  toJson(definition: Definition): Readonly<Record<string, unknown>>;
  /** Throws for JSON that a newer release wrote and this one doesn't fully understand. */
  fromJson(json: unknown): Definition;
}
