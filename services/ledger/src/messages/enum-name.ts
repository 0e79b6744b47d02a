import type { DescEnum } from '@bufbuild/protobuf';

/**
 * The name of the value that a list is restricted to, which the ledger uses for it, too; undefined for 0, which stands for all.
 * The contract's validation lets no other numbers through.
 */
export function enumName<Name extends string>(values: DescEnum, number: number): Name | undefined {
  return number === 0 ? undefined : (values.value[number]?.name as Name);
}
