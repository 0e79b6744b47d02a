// The largest program that there can be is known in time like any other.

import { toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execute } from '@loyalty/local/test-environment.ts';
import { patience } from '@loyalty/local/test-patience.ts';
import { GetProgramSnapshotResponseSchema } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import { awaitKnown } from './known-program.ts';
import { type MovingSetting, secondMs, startMovingSetting } from './moving-clock.ts';
import { admin, checkout, createMember, purchase, secondsAndNanos } from './running-ledger.ts';

let setting: MovingSetting;
beforeAll(async () => {
  setting = await startMovingSetting({ stopped: true });
});
afterAll(() => setting.stop(), patience(60_000));

/** Makes a draft with `rules` rules, each naming 200 articles, and returns its version. */
async function draft(programId: string, rules: number): Promise<number> {
  const skus = Array.from({ length: 200 }, (_, index) => `s${index}`);
  const award = { case: 'fixed' as const, value: { points: 1n } };
  const earnRules = Array.from({ length: rules }, (_, index) => ({
    ruleId: `r${index}`,
    award,
    match: { skus },
  }));
  const { ruleSets } = setting.clients;
  const { ruleSet } = await ruleSets.createRuleSet({ programId, ruleSet: { earnRules } }, admin);
  return ruleSet?.version ?? 0;
}

/** Gives a program the history of one that has published its draft 25 times. */
async function publishOften(programId: string, version: number): Promise<void> {
  const now = `to_timestamp(${setting.now() / 1000})`;
  await execute(
    setting.programsDatabaseUrl,
    `with changed as (
       update programs set revision = revision + 1 where program_id = '${programId}'
       returning program_id, revision
     )
     insert into rule_sets
     select program_id, version + n, definition, 'UTC', ${now}, ${now}, null, revision, ${now}, ${now}
     from changed join rule_sets using (program_id), generate_series(1, 25) n
     where version = ${version}`,
  );
}

/** What the Programs service sends to a ledger that knows a revision. */
async function answerTo(known: { programId: string; epoch?: string; knownRevision?: bigint }) {
  const snapshot = await setting.clients.programs.getProgramSnapshot(known, checkout);
  return { ...snapshot, bytes: toBinary(GetProgramSnapshotResponseSchema, snapshot).length };
}

test(
  'a version of a program whose rules take 3 MiB of JSON counts on the instant at three replicas',
  async () => {
    const member = await createMember(setting);
    const { programId } = member;
    await publishOften(programId, await draft(programId, 75));
    const replicas = await Promise.all([setting.startReplica(), setting.startReplica()]);
    const ledgers = [setting.clients, ...replicas.map(({ clients }) => clients)];
    const versionsNow = () =>
      Promise.all(
        ledgers.map(async ({ ledger }) => {
          const transaction = purchase(1, { occurTime: secondsAndNanos(setting.now()) });
          return (await ledger.earn({ ...member, transaction }, checkout)).earn?.ruleSetVersion;
        }),
      );
    try {
      await awaitKnown(member, setting.clients, ledgers);
      expect(await versionsNow()).toEqual([27, 27, 27]);
      const whole = await answerTo({ programId });
      expect(whole.bytes).toBeGreaterThan(2_000_000);

      const version = await draft(programId, 10);
      await setting.clients.ruleSets.publishRuleSet({ programId, version }, admin);
      // What makes it known in time: the size of the program doesn't matter.
      const { epoch, revision: knownRevision } = whole;
      expect((await answerTo({ programId, epoch, knownRevision })).bytes).toBeLessThan(32_000);
      await awaitKnown(member, setting.clients, ledgers);
      setting.letPass(2 * secondMs - 1);
      expect(await versionsNow()).toEqual([27, 27, 27]);
      setting.letPass(1);
      expect(await versionsNow()).toEqual([version, version, version]);
    } finally {
      await Promise.all(replicas.map((replica) => replica.stop()));
    }
  },
  patience(120_000),
);
