import { create } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { RuleSetSchema } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { defaultSettings } from '../domain/program.ts';
import { definitionsAsJson } from '../rpc/definition-json.ts';
import type { App } from './app.ts';
import type { LockedProgram, ProgramStore } from './program-store.ts';
import { publishRuleSet } from './publish-rule-set.ts';

const start = Date.UTC(2026, 10, 22, 12);
const author = { actor: 'admin:jane', requestId: 'r' };
const key = { programId: 'wine-dine', version: 2 };

/** A program with a draft, where it takes long to find out how large the program is. */
function slowApp({ tookMs }: { tookMs: number }): App {
  let nowMs = start;
  const program = {
    ...defaultSettings,
    programId: key.programId,
    state: 'ACTIVE' as const,
    activeRuleSetVersion: 1,
    revision: 4n,
    changedIn: 4n,
    createTime: start,
    updateTime: start,
  };
  const draft = {
    ...key,
    definition: create(RuleSetSchema),
    timeZone: undefined,
    effectiveTime: undefined,
    publishTime: undefined,
    withdrawTime: undefined,
    changedIn: 4n,
    createTime: start,
    updateTime: start,
  };
  const locked: Partial<LockedProgram> = {
    program,
    now: start,
    findRuleSet: async () => draft,
    hasPublishedRuleSet: async () => true,
    async snapshotBytes() {
      nowMs += tookMs;
      return 0;
    },
  };
  const store: Partial<ProgramStore> = {
    changeProgram: async (_, decide) => (await decide(locked as LockedProgram)).result,
  };
  return {
    store: store as ProgramStore,
    definitions: definitionsAsJson,
    hasOpenHolds: async () => false,
    clock: () => nowMs,
  };
}

test('the two seconds until a version counts begin when it is checked, however long that took', async () => {
  const app = slowApp({ tookMs: 1_500 });
  const { ruleSet } = await publishRuleSet(app, { ...key, effectiveTime: undefined, author });
  expect(ruleSet.publishTime).toBe(start + 1_500);
  expect(ruleSet.effectiveTime).toBe(start + 3_500);
});

test('a time that passes while a version is checked is put off, not refused', async () => {
  const app = slowApp({ tookMs: 1_500 });
  const effectiveTime = start + 1_000;
  const { ruleSet } = await publishRuleSet(app, { ...key, effectiveTime, author });
  expect(ruleSet.effectiveTime).toBe(start + 3_500);
});
