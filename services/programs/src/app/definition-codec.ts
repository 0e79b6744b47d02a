import type { RuleSet } from '@loyalty/rules/language.ts';

/** Turns what an operator wrote into JSON, for the database and the audit, and back. */
export interface DefinitionCodec {
  toJson(definition: RuleSet): Readonly<Record<string, unknown>>;
  /** Throws for JSON that a newer release wrote and this one doesn't fully understand. */
  fromJson(json: unknown): RuleSet;
}
