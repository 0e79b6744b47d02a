import { LRUCache } from 'lru-cache';
import type { QueryConfig, QueryResult, QueryResultRow } from 'pg';
import type { FindRuleNames, NamedRuleSet, RuleNames, RuleSetName } from '../app/rule-names.ts';
import { bulk } from './bulk.ts';
import { ruleSetKey } from './ledger-keys.ts';
import { perRow } from './plan-forms.ts';

/** Runs statements: a pool or a database transaction. */
export interface Database {
  query<Row extends QueryResultRow>(statement: QueryConfig): Promise<QueryResult<Row>>;
}

/** The names of rules as they are stored, cached: a row never changes. */
export interface StoredRuleNames {
  /** Whether the version's names are known to be stored. */
  has(ruleSet: RuleSetName): boolean;
  /** Reads the names of versions that aren't known yet, and returns how to look them up. */
  find(ruleSets: readonly RuleSetName[]): Promise<FindRuleNames>;
}

const rememberedMax = 10_000;

export function createRuleNames(database: Database): StoredRuleNames {
  const remembered = new LRUCache<string, RuleNames>({ max: rememberedMax });
  return {
    has: (ruleSet) => remembered.has(ruleSetKey(ruleSet)),
    async find(ruleSets) {
      const unknown = new Map<string, RuleSetName>();
      for (const ruleSet of ruleSets) {
        const key = ruleSetKey(ruleSet);
        if (!remembered.has(key)) unknown.set(key, ruleSet);
      }
      if (unknown.size > 0) await read([...unknown.values()]);
      return lookUp;
    },
  };

  function lookUp(ruleSet: RuleSetName): RuleNames | undefined {
    return remembered.get(ruleSetKey(ruleSet));
  }

  async function read(ruleSets: readonly RuleSetName[]): Promise<void> {
    const statement = ruleSetColumns.statement('read_rule_names', readingNames, ruleSets);
    const { rows } = await database.query<RuleNamesRow>(statement);
    for (const row of rows) {
      const key = ruleSetKey({ programId: row.program_id, ruleSetVersion: row.rule_set_version });
      remembered.set(key, new Map(Object.entries(row.names)));
    }
  }
}

interface RuleNamesRow {
  program_id: string;
  rule_set_version: number;
  names: Record<string, string>;
}

const ruleSetColumns = bulk<RuleSetName>({
  program_id: ['text', ({ programId }) => programId],
  rule_set_version: ['integer', ({ ruleSetVersion }) => ruleSetVersion],
});

const readingNames = `SELECT rule_names.*
  FROM ${ruleSetColumns.source}
  CROSS JOIN LATERAL (
    SELECT * FROM rule_names
    WHERE program_id = rows.program_id AND rule_set_version = rows.rule_set_version ${perRow}
  ) AS rule_names`;

const namedColumns = bulk<NamedRuleSet>({
  program_id: ['text', ({ programId }) => programId],
  rule_set_version: ['integer', ({ ruleSetVersion }) => ruleSetVersion],
  names: ['jsonb', ({ names }) => JSON.stringify(Object.fromEntries(names))],
});

// The first to store them is right for all events of the version, also if the Programs service's database is restored
// and a version of that number is published again.
const insertNames = `INSERT INTO rule_names (${namedColumns.names})
  SELECT * FROM ${namedColumns.source}
  ORDER BY program_id, rule_set_version
  ON CONFLICT DO NOTHING`;

export function ruleNamesStatement(ruleSets: readonly NamedRuleSet[]): QueryConfig | undefined {
  return ruleSets.length === 0
    ? undefined
    : namedColumns.statement('insert_rule_names', insertNames, ruleSets);
}
