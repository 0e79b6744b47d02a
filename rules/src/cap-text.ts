import type { CompiledCap } from './compile-rule-set.ts';
import type { LimitPeriod } from './limit-period.ts';

const PERIOD_TEXT: Readonly<Record<LimitPeriod, string>> = {
  DAY: 'per day',
  WEEK: 'per week',
  MONTH: 'per month',
  LIFETIME: 'for life',
};

/** A cap as people write it, such as "100 per day". */
export function capText({ points, period }: CompiledCap): string {
  return `${points} ${PERIOD_TEXT[period]}`;
}
