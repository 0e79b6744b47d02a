// Which version of a program's rules a purchase earns under, and that every replica agrees.
import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually, patience } from '@loyalty/local/test-patience.ts';
import pg from 'pg';
import { awaitKnown } from './known-program.ts';
import { type MovingSetting, secondMs, startMovingSetting } from './moving-clock.ts';
import { admin, checkout, createMember, purchase, secondsAndNanos } from './running-ledger.ts';

let setting: MovingSetting;
let replica: Awaited<ReturnType<MovingSetting['startReplica']>>;
beforeAll(async () => {
  setting = await startMovingSetting({ stopped: true });
  replica = await setting.startReplica();
});
// Without NATS each part gives up sending what it has left only after two seconds.
afterAll(async () => {
  await replica.stop();
  await setting.stop();
}, patience(60_000));

interface Member {
  programId: string;
  userId: string;
}

type Clients = MovingSetting['clients'];

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

/** The versions that a purchase of the present earns under, at both replicas. */
async function versionsNow(member: Member): Promise<(number | undefined)[]> {
  return await Promise.all(
    bothReplicas().map((clients) => versionAt(clients, member, setting.now())),
  );
}

const bothReplicas = () => [setting.clients, replica.clients];

/** Has both replicas know the program as it is before anything is published. */
async function earnEverywhere(member: Member): Promise<void> {
  expect(await versionsNow(member)).toEqual([1, 1]);
}

/** Resolves once both replicas have heard of what was published. */
async function awaitKnownByBoth(member: Member): Promise<void> {
  await awaitKnown(member, setting.clients, bothReplicas());
}

/** Lets time pass until a version counts, and checks that it doesn't before. */
async function expectOnTheInstant(
  member: Member,
  { version, effectiveMs }: { version: number; effectiveMs: number },
): Promise<void> {
  setting.letPassUntil(effectiveMs - 1);
  expect(await versionsNow(member)).toEqual([1, 1]);
  setting.letPass(1);
  expect(await versionsNow(member)).toEqual([version, version]);
}

describe('a version', () => {
  test('counts on the instant that it was published for, at every replica', async () => {
    const member = await createMember(setting);
    await earnEverywhere(member);
    const published = await publish(member.programId, 7n, setting.now() + 3 * secondMs);
    await awaitKnownByBoth(member);
    await expectOnTheInstant(member, published);
  });

  test('published now counts two seconds later, at every replica', async () => {
    const member = await createMember(setting);
    await earnEverywhere(member);
    const published = await publish(member.programId, 7n);
    expect(published.effectiveMs).toBe(setting.now() + 2 * secondMs);
    await awaitKnownByBoth(member);
    await expectOnTheInstant(member, published);
  });

  test('that was withdrawn never counts', async () => {
    const member = await createMember(setting);
    const { programId } = member;
    await earnEverywhere(member);
    const { version, effectiveMs } = await publish(programId, 7n, setting.now() + 3 * secondMs);
    // Both replicas have learned of it, and have to unlearn it.
    await awaitKnownByBoth(member);
    await setting.clients.ruleSets.withdrawRuleSet({ programId, version }, admin);
    await awaitKnownByBoth(member);
    for (const instantMs of [effectiveMs, effectiveMs + secondMs]) {
      setting.letPassUntil(instantMs);
      expect(await versionsNow(member)).toEqual([1, 1]);
    }
  });

  test('that was withdrawn unheard still decides about refunds of what it earned meanwhile', async () => {
    const member = await createMember(setting);
    const { programId } = member;
    await earnEverywhere(member);
    const { version, effectiveMs } = await publish(programId, 7n, setting.now() + 3 * secondMs);
    await awaitKnownByBoth(member);
    const other = await setting.startOtherPrograms();
    await setting.stopPrograms();
    try {
      await other.clients.ruleSets.withdrawRuleSet({ programId, version }, admin);
    } finally {
      await other.stop();
    }
    setting.letPassUntil(effectiveMs);
    const { ledger } = setting.clients;
    const earn = async () => {
      const transaction = purchase(10_000, { occurTime: secondsAndNanos(setting.now()) });
      return (await ledger.earn({ ...member, transaction }, checkout)).earn;
    };
    const late = await earn();
    expect(late?.ruleSetVersion).toBe(version);
    await setting.startPrograms();
    await eventually(async () => expect((await earn())?.ruleSetVersion).toBe(1));
    const transactionId = late?.transactionId ?? '';
    const extent = { case: 'full', value: {} } as const;
    const { refund } = await ledger.reverseEarn(
      { programId, transactionId, refundId: 'r', extent },
      checkout,
    );
    expect(refund?.points).toBe(late?.points);
  });

  test('in force when the purchase happened is what counts, whenever it is reported', async () => {
    const member = await createMember(setting);
    const firstMs = setting.now();
    const second = await publish(member.programId, 7n);
    const third = await publish(member.programId, 9n, second.effectiveMs + 500);
    await awaitKnownByBoth(member);
    setting.letPassUntil(third.effectiveMs);
    for (const clients of bothReplicas()) {
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
    const { effectiveMs } = await publish(member.programId, 7n, setting.now() + 60 * secondMs);
    expect(await versionAt(setting.clients, member, effectiveMs + 1_000)).toBe(1);
  });

  test('of a program counts also for purchases from before its first one', async () => {
    const member = await createMember(setting);
    expect(await versionAt(setting.clients, member, Date.UTC(2020, 0, 1))).toBe(1);
  });

  test('for later is remembered while the Programs service is away, also over restarts', async () => {
    const member = await createMember(setting);
    expect(await versionAt(setting.clients, member, setting.now())).toBe(1);
    // Nobody has asked for the program since: the ledger knows of it only what was stored, and its replica nothing.
    await setting.restartLedger();
    const published = await publish(member.programId, 7n, setting.now() + 3 * secondMs);
    await awaitStored(member.programId);
    await setting.stopPrograms();
    try {
      await setting.restartLedger();
      await expectOnTheInstant(member, published);
    } finally {
      await setting.startPrograms();
    }
  });
});

/** Resolves once the ledger's database has the program as it is now. */
async function awaitStored(programId: string): Promise<void> {
  const { changes } = await setting.clients.programs.listProgramChanges({ programId }, admin);
  const database = new pg.Client(setting.databaseUrl);
  await database.connect();
  try {
    await eventually(async () => {
      const { rows } = await database.query(
        'SELECT revision FROM program_snapshots WHERE program_id = $1',
        [programId],
      );
      expect(rows).toEqual([{ revision: String(changes[0]?.revision) }]);
    });
  } finally {
    await database.end();
  }
}

test(
  'published while the Programs service is cut off from NATS, a version counts on the instant all the same',
  async () => {
    const cutOff = await startMovingSetting({
      stopped: true,
      programsNatsUrl: 'nats://127.0.0.1:1',
    });
    try {
      const member = await createMember(cutOff);
      const { programId } = member;
      const { clients } = cutOff;
      const versionNow = () => versionAt(clients, member, cutOff.now());
      expect(await versionNow()).toBe(1);
      const kept = await publish(programId, 7n, cutOff.now() + 3 * secondMs, clients);
      const withdrawn = await publish(programId, 9n, kept.effectiveMs + 3 * secondMs, clients);
      await awaitKnown(member, clients, [clients]);
      cutOff.letPassUntil(kept.effectiveMs - 1);
      expect(await versionNow()).toBe(1);
      cutOff.letPass(1);
      expect(await versionNow()).toBe(kept.version);
      await clients.ruleSets.withdrawRuleSet({ programId, version: withdrawn.version }, admin);
      await awaitKnown(member, clients, [clients]);
      cutOff.letPassUntil(withdrawn.effectiveMs);
      expect(await versionNow()).toBe(kept.version);
    } finally {
      await cutOff.stop();
    }
  },
  patience(60_000),
);

test('published while NATS is away, a version counts on the instant all the same', async () => {
  const member = await createMember(setting);
  await earnEverywhere(member);
  await setting.stopNats();
  const published = await publish(member.programId, 7n);
  await awaitKnownByBoth(member);
  await expectOnTheInstant(member, published);
});
