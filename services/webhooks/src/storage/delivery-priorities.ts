import type { DeliveryPriority } from '../domain/delivery.ts';

/** As they are stored: what has the lowest number is sent first. */
export const priorityNumbers: Readonly<Record<DeliveryPriority, number>> = {
  URGENT: 0,
  LIVE: 1,
  REPLAYED: 2,
};

/**
 * All of them as a table of SQL. For each, an index finds what is due next; for all together, everything that is pending would
 * have to be sorted.
 */
export const eachPriority = `unnest('{${Object.values(priorityNumbers).join()}}'::smallint[]) AS each (priority)`;
