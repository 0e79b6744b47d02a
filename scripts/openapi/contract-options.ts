import {
  type DescExtension,
  type DescField,
  type DescMethod,
  type FileRegistry,
  getOption,
} from '@bufbuild/protobuf';
import type { TextRuleWords } from './constraints.ts';

/** What the platform's own options say that the gateway's routes don't have. */
export interface ContractOptions {
  readonly textRules: TextRuleWords;
  /** Every reason, in the order of the catalog. */
  readonly reasons: readonly Reason[];
  isPatchedByKey(field: DescField): boolean;
  /** Why the method can fail, without the reasons of every method. */
  reasonsOf(method: DescMethod): Reason[];
}

/** A reason for which a method can fail; see ErrorAnswer in proto/loyalty/options/v1/errors.proto. */
export interface Reason {
  readonly name: string;
  readonly httpStatus: number;
  readonly meaning: string;
  readonly remedy: string;
  readonly retryable: boolean;
  readonly anyMethod: boolean;
}

/**
 * Reads the options from the contracts as they are now, because the generated code may be about to change.
 *
 * @throws {Error} naming what the contracts lack
 */
export function readContractOptions(registry: FileRegistry): ContractOptions {
  const option = (name: string): DescExtension => {
    const found = registry.getExtension(`loyalty.options.v1.${name}`);
    if (found === undefined) throw new Error(`The contracts have no option ${name}`);
    return found;
  };
  const values = (name: string) => {
    const found = registry.getEnum(`loyalty.options.v1.${name}`);
    if (found === undefined) throw new Error(`The contracts have no enum ${name}`);
    return found.values.filter(({ number }) => number !== 0);
  };
  const [textRule, errorAnswer] = [option('text_rule'), option('error_answer')];
  const [patchByKey, errors] = [option('patch_by_key'), option('errors')];
  const byNumber = new Map(
    values('ErrorReason').map((value) => {
      const entry = getOption(value, errorAnswer) as Omit<Reason, 'name'>;
      return [value.number, { ...entry, name: value.name }];
    }),
  );
  return {
    textRules: new Map(
      values('TextRule').map((value) => {
        const { rule, words } = getOption(value, textRule) as TextRule;
        return [rule.value, words];
      }),
    ),
    reasons: [...byNumber.values()],
    isPatchedByKey: (field) => getOption(field, patchByKey) as boolean,
    reasonsOf: (method) =>
      (getOption(method, errors) as number[]).flatMap((number) => byNumber.get(number) ?? []),
  };
}

interface TextRule {
  readonly rule: { readonly value: string };
  readonly words: string;
}
