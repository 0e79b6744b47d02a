import { instant } from '@loyalty/platform/postgres/timestamptz.ts';
import { type JournalReader, type JournalRecord, ruleSetOf } from '../app/journal-reader.ts';
import type { EntryPosition } from '../app/ledger-store.ts';
import { isSameRuleSet, type RuleSetName } from '../app/rule-names.ts';
import { readEntryKeysOfProgram } from './read-program.ts';
import { readRecords } from './read-records.ts';
import type { Database, StoredRuleNames } from './rule-names.ts';
import { translated } from './storage-errors.ts';

export function createJournalReader(database: Database, ruleNames: StoredRuleNames): JournalReader {
  async function named(records: readonly JournalRecord[]) {
    return { records, ruleNames: await translated(ruleNames.find(ruleSetsOf(records))) };
  }
  return {
    named,

    async read(keys) {
      return await named(await translated(readRecords(database, keys)));
    },

    async keysOfProgram(query) {
      const { rows } = await translated(database.query<KeyRow>(readEntryKeysOfProgram(query)));
      return rows.map(
        (row): EntryPosition => ({
          createTime: instant(row.create_time),
          membershipId: row.membership_id,
          sequence: row.sequence,
        }),
      );
    },
  };
}

interface KeyRow {
  create_time: Date;
  membership_id: bigint;
  sequence: bigint;
}

/** Lists each version once, or again if records of another one lie between. */
function ruleSetsOf(records: readonly JournalRecord[]): RuleSetName[] {
  const ruleSets: RuleSetName[] = [];
  for (const record of records) {
    const ruleSet = ruleSetOf(record);
    if (ruleSet !== undefined && !isSameRuleSet(ruleSet, ruleSets.at(-1))) ruleSets.push(ruleSet);
  }
  return ruleSets;
}
