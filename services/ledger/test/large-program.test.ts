// The largest program that there can be is known in time like any other.
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execute } from '@loyalty/local/test-environment.ts';
import { eventually } from './eventually.ts';
import {
  admin,
  checkout,
  createMember,
  purchase,
  type Setting,
  secondsAndNanos,
  startSetting,
} from './running-ledger.ts';

let setting: Setting;
beforeAll(async () => {
  setting = await startSetting();
});
// Of four publications the quietest counts: in the others, purchases can still earn under the version before, which is what
// a replay finds.
afterAll(() => setting.stop({ derived: false }));

/** A draft with so many rules, each of which names 200 articles; answers its version. */
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
  await execute(
    setting.programsDatabaseUrl,
    `with changed as (
       update programs set revision = revision + 1 where program_id = '${programId}'
       returning program_id, revision
     )
     insert into rule_sets
     select program_id, version + n, definition, 'UTC', now(), now(), null, revision, now(), now()
     from changed join rule_sets using (program_id), generate_series(1, 25) n
     where version = ${version}`,
  );
}

test('a version of a program of 3 MiB counts on the instant at three replicas', async () => {
  const member = await createMember(setting);
  const { programId } = member;
  await publishOften(programId, await draft(programId, 75));
  const replicas = await Promise.all([setting.startReplica(), setting.startReplica()]);
  const doors = [setting.clients, ...replicas.map(({ clients }) => clients)];
  const earnEverywhere = (occurMs: number) =>
    Promise.all(
      doors.map(async ({ ledger }) => {
        const transaction = purchase(1, { occurTime: secondsAndNanos(occurMs) });
        return (await ledger.earn({ ...member, transaction }, checkout)).earn?.ruleSetVersion;
      }),
    );
  try {
    await eventually(
      async () => expect(await earnEverywhere(Date.now())).toEqual([27, 27, 27]),
      60_000,
    );
    // Programs and three ledgers share this process, so that a busy machine can make any of them late: the quietest of
    // four publications tells.
    const inTime: boolean[] = [];
    while (inTime.length < 4 && !inTime.includes(true)) {
      const version = await draft(programId, 10);
      const { ruleSets } = setting.clients;
      const { ruleSet } = await ruleSets.publishRuleSet({ programId, version }, admin);
      if (ruleSet?.effectiveTime === undefined) throw new Error('a published version has a time');
      const effectiveMs = timestampMs(ruleSet.effectiveTime);
      await eventually(() => expect(Date.now()).toBeGreaterThan(effectiveMs));
      const versions = await earnEverywhere(effectiveMs);
      inTime.push(versions.every((each) => each === version));
      await eventually(
        async () => expect(await earnEverywhere(Date.now())).toEqual([version, version, version]),
        60_000,
      );
    }
    expect(inTime).toContain(true);
  } finally {
    await Promise.all(replicas.map((replica) => replica.stop()));
  }
}, 120_000);
