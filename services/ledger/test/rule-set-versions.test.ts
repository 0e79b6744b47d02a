// Which version of a program's rules a purchase earns under, and that every replica agrees.
import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
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
let replica: Awaited<ReturnType<Setting['startReplica']>>;
beforeAll(async () => {
  setting = await startSetting();
  replica = await setting.startReplica();
});
// Without NATS each part gives up sending what it has left only after two seconds.
afterAll(async () => {
  await replica.stop();
  await setting.stop();
}, 60_000);

interface Member {
  programId: string;
  userId: string;
}

type Clients = Setting['clients'];

/** Publishes a version that gives a number of points for each purchase; answers it with its time. */
async function publish(
  programId: string,
  points: bigint,
  effectiveMs?: number,
  { ruleSets }: Pick<Clients, 'ruleSets'> = setting.clients,
) {
  const earnRules = [{ ruleId: 'flat', award: { case: 'fixed' as const, value: { points } } }];
  const draft = await ruleSets.createRuleSet({ programId, ruleSet: { earnRules } }, admin);
  const version = draft.ruleSet?.version ?? 0;
  const { ruleSet } = await ruleSets.publishRuleSet(
    {
      programId,
      version,
      ...(effectiveMs !== undefined && { effectiveTime: timestampFromMs(effectiveMs) }),
    },
    admin,
  );
  if (ruleSet?.effectiveTime === undefined) throw new Error('a published version has a time');
  return { version, effectiveMs: timestampMs(ruleSet.effectiveTime) };
}

/** The version that a purchase of that time earns under now. */
async function versionAt(
  { ledger }: Pick<Clients, 'ledger'>,
  member: Member,
  occurMs: number,
): Promise<number | undefined> {
  const transaction = purchase(10_000, { occurTime: secondsAndNanos(occurMs) });
  const { earn } = await ledger.earn({ ...member, transaction }, checkout);
  return earn?.ruleSetVersion;
}

/** Has both replicas know the program as it is before anything is published. */
async function earnEverywhere(member: Member): Promise<void> {
  for (const clients of [setting.clients, replica.clients]) {
    expect(await versionAt(clients, member, Date.now())).toBe(1);
  }
}

/** Purchases of the present at both replicas until an instant has passed, and the versions that they earned under. */
async function earnUntil(
  member: Member,
  endMs: number,
  replicas: readonly Clients[] = [setting.clients, replica.clients],
) {
  const earned: { occurMs: number; versions: (number | undefined)[] }[] = [];
  while (Date.now() <= endMs) {
    const occurMs = Date.now();
    const versions = await Promise.all(
      replicas.map((clients) => versionAt(clients, member, occurMs)),
    );
    earned.push({ occurMs, versions });
  }
  return earned;
}

describe('a version', () => {
  test('counts on the instant that it was published for, at every replica', async () => {
    const member = await createMember(setting);
    await earnEverywhere(member);
    const { version, effectiveMs } = await publish(member.programId, 7n, Date.now() + 3_000);
    const earned = await earnUntil(member, effectiveMs + 500);
    expect(earned.filter(({ occurMs }) => occurMs < effectiveMs).length).toBeGreaterThan(10);
    expect(earned.filter(({ occurMs }) => occurMs >= effectiveMs).length).toBeGreaterThan(1);
    for (const { occurMs, versions } of earned) {
      const expected = occurMs < effectiveMs ? 1 : version;
      expect({ occurMs, versions }).toEqual({ occurMs, versions: [expected, expected] });
    }
  });

  test('published now counts two seconds later, at every replica', async () => {
    const member = await createMember(setting);
    await earnEverywhere(member);
    const beforeMs = Date.now();
    const { version, effectiveMs } = await publish(member.programId, 7n);
    expect(effectiveMs - beforeMs).toBeGreaterThanOrEqual(2_000);
    expect(effectiveMs - beforeMs).toBeLessThan(3_000);
    for (const { occurMs, versions } of await earnUntil(member, effectiveMs + 100)) {
      const expected = occurMs < effectiveMs ? 1 : version;
      expect({ occurMs, versions }).toEqual({ occurMs, versions: [expected, expected] });
    }
  });

  test('that was withdrawn never counts', async () => {
    const member = await createMember(setting);
    const { programId } = member;
    await earnEverywhere(member);
    const { version, effectiveMs } = await publish(programId, 7n, Date.now() + 3_500);
    // Meanwhile both replicas learn of it, and have to unlearn it.
    await earnUntil(member, Date.now() + 500);
    await setting.clients.ruleSets.withdrawRuleSet({ programId, version }, admin);
    for (const { occurMs, versions } of await earnUntil(member, effectiveMs + 200)) {
      expect({ occurMs, versions }).toEqual({ occurMs, versions: [1, 1] });
    }
  });

  test('that was withdrawn unheard still decides about refunds of what it earned meanwhile', async () => {
    const member = await createMember(setting);
    const { programId } = member;
    await earnEverywhere(member);
    const { version, effectiveMs } = await publish(programId, 7n, Date.now() + 5_000);
    await eventually(() => expect(Date.now()).toBeGreaterThan(effectiveMs - 3_500));
    const other = await setting.startOtherPrograms();
    await setting.stopPrograms();
    const transaction = () => purchase(10_000, { occurTime: secondsAndNanos(Date.now()) });
    const { ledger } = setting.clients;
    try {
      await other.clients.ruleSets.withdrawRuleSet({ programId, version }, admin);
      await eventually(() => expect(Date.now()).toBeGreaterThan(effectiveMs));
    } finally {
      await other.stop();
    }
    const late = await ledger.earn({ ...member, transaction: transaction() }, checkout);
    expect(late.earn?.ruleSetVersion).toBe(version);
    await setting.startPrograms();
    await eventually(async () => {
      const { earn } = await ledger.earn({ ...member, transaction: transaction() }, checkout);
      expect(earn?.ruleSetVersion).toBe(1);
    });
    const transactionId = late.earn?.transactionId ?? '';
    const extent = { case: 'full', value: {} } as const;
    const { refund } = await ledger.reverseEarn(
      { programId, transactionId, refundId: 'r', extent },
      checkout,
    );
    expect(refund?.points).toBe(late.earn?.points);
  });

  test('in force when the purchase happened is what counts, whenever it is reported', async () => {
    const member = await createMember(setting);
    const firstMs = Date.now();
    const second = await publish(member.programId, 7n);
    const third = await publish(member.programId, 9n, second.effectiveMs + 500);
    await eventually(() => expect(Date.now()).toBeGreaterThan(third.effectiveMs));
    for (const clients of [setting.clients, replica.clients]) {
      const versionFor = (occurMs: number) => versionAt(clients, member, occurMs);
      expect(await versionFor(firstMs)).toBe(1);
      expect(await versionFor(second.effectiveMs - 1)).toBe(1);
      expect(await versionFor(second.effectiveMs)).toBe(second.version);
      expect(await versionFor(third.effectiveMs - 1)).toBe(second.version);
      expect(await versionFor(third.effectiveMs)).toBe(third.version);
    }
  });

  test('counts not yet for a purchase whose clock is ahead', async () => {
    const member = await createMember(setting);
    const { effectiveMs } = await publish(member.programId, 7n, Date.now() + 60_000);
    expect(await versionAt(setting.clients, member, effectiveMs + 1_000)).toBe(1);
  });

  test('of a program counts also for purchases from before its first one', async () => {
    const member = await createMember(setting);
    expect(await versionAt(setting.clients, member, Date.UTC(2020, 0, 1))).toBe(1);
  });

  test('for later is remembered while the Programs service is away, also over restarts', async () => {
    const member = await createMember(setting);
    expect(await versionAt(setting.clients, member, Date.now())).toBe(1);
    // Nobody has asked for the program since: the ledger knows of it only what was stored, and its replica nothing.
    await setting.restartLedger();
    const publishedMs = Date.now();
    const { version, effectiveMs } = await publish(member.programId, 7n, publishedMs + 5_000);
    await eventually(() => expect(Date.now()).toBeGreaterThan(publishedMs + 3_000));
    await setting.stopPrograms();
    try {
      await setting.restartLedger();
      const earned = await earnUntil(member, effectiveMs + 200);
      expect(earned.some(({ occurMs }) => occurMs < effectiveMs)).toBe(true);
      for (const { occurMs, versions } of earned) {
        const expected = occurMs < effectiveMs ? 1 : version;
        expect({ occurMs, versions }).toEqual({ occurMs, versions: [expected, expected] });
      }
    } finally {
      await setting.startPrograms();
    }
  });
});

test('published while the Programs service is cut off from NATS, a version counts on the instant all the same', async () => {
  const cutOff = await startSetting({ programsNatsUrl: 'nats://127.0.0.1:1' });
  try {
    const member = await createMember(cutOff);
    const { clients } = cutOff;
    expect(await versionAt(clients, member, Date.now())).toBe(1);
    const kept = await publish(member.programId, 7n, Date.now() + 3_000, clients);
    const withdrawn = await publish(member.programId, 9n, kept.effectiveMs + 3_000, clients);
    await earnUntil(member, kept.effectiveMs - 1_000, [clients]);
    const { programId } = member;
    await clients.ruleSets.withdrawRuleSet({ programId, version: withdrawn.version }, admin);
    for (const { occurMs, versions } of await earnUntil(member, withdrawn.effectiveMs + 300, [
      clients,
    ])) {
      const expected = occurMs < kept.effectiveMs ? 1 : kept.version;
      expect({ occurMs, versions }).toEqual({ occurMs, versions: [expected] });
    }
  } finally {
    await cutOff.stop();
  }
}, 60_000);

test('published while NATS is away, a version counts on the instant all the same', async () => {
  const member = await createMember(setting);
  await earnEverywhere(member);
  await setting.stopNats();
  const { version, effectiveMs } = await publish(member.programId, 7n);
  for (const { occurMs, versions } of await earnUntil(member, effectiveMs + 200)) {
    const expected = occurMs < effectiveMs ? 1 : version;
    expect({ occurMs, versions }).toEqual({ occurMs, versions: [expected, expected] });
  }
});
