import { withSettings } from './session-settings.ts';

const plansByIndex = {
  // A prepared statement is planned once per connection, for any values. With the default it is planned again for five
  // executions, and for every one after that as long as its estimated cost is higher than that of a plan for the
  // current values.
  plan_cache_mode: 'force_generic_plan',
  // What is cheap while a table is small or nothing is known of it, and what a prepared statement would go on doing
  // while the table grows.
  enable_seqscan: 'off',
  enable_bitmapscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  enable_memoize: 'off',
  enable_material: 'off',
  max_parallel_workers_per_gather: '0',
  // Without statistics the estimates grow with the tables, past the limit from which PostgreSQL compiles a plan, anew
  // for each execution: a balance among a million lots took 20 ms instead of 0.5.
  jit: 'off',
} as const;

/**
 * The URL of the same database, whose sessions look rows up by index and plan each statement once, whatever the
 * statistics say. For a service whose every statement touches a bounded number of rows by a key; reports that read whole
 * tables are better off with the planner's choice. docs/database.md says what else it takes, and what was measured.
 */
export function withPlansByIndex(url: string): string {
  return withSettings(url, plansByIndex);
}
