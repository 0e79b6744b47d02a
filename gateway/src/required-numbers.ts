import type { DescField } from '@bufbuild/protobuf';
import { MoneySchema } from '@loyalty/proto/loyalty/programs/v1/money_pb.ts';
import { StockSchema } from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';

/**
 * Numbers that can't be left out although 0 is one of their values. In protobuf nothing tells a forgotten one from
 * a 0, and so no validation rule can; in JSON it shows, and an amount that was forgotten must not become 0.
 */
export const requiredNumbers: ReadonlySet<DescField> = new Set([
  MoneySchema.field.minorUnits,
  StockSchema.field.limit,
]);
