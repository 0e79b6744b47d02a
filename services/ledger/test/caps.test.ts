// Caps, and conditions on what a member has earned, hold earn by earn, no matter who reports what at the same time.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Program_Enrollment } from '@loyalty/proto/loyalty/programs/v1/program_pb.ts';
import { ExplanationLine_Kind as Kind } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import { Cap_Period } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import {
  type CustomProgram,
  createCustomMember,
  createCustomProgram,
  proportional,
} from './custom-program.ts';
import { awaitKnown } from './known-program.ts';
import { type MovingSetting, secondMs, startMovingSetting } from './moving-clock.ts';
import { admin, availablePoints, checkout, purchase, secondsAndNanos } from './running-ledger.ts';

let setting: MovingSetting;
let replica: Awaited<ReturnType<MovingSetting['startReplica']>>;
beforeAll(async () => {
  setting = await startMovingSetting();
  replica = await setting.startReplica();
});
afterAll(async () => {
  await replica.stop();
  await setting.stop();
});

interface Member {
  programId: string;
  userId: string;
}

const now = Date.now();
const [today, yesterday] = [now - 1_000, now - 1_000 - 86_400_000];

/** The points that purchases of 10.00 USD earn, reported at once and in turn to one replica and the other. */
async function earnAtBoth(members: readonly Member[]): Promise<bigint[]> {
  const occurTime = secondsAndNanos(today);
  return await Promise.all(
    members.map(async (member, index) => {
      const { ledger } = index % 2 === 0 ? setting.clients : replica.clients;
      const { earn } = await ledger.earn(
        { ...member, transaction: purchase(1_000, { occurTime }) },
        checkout,
      );
      return earn?.points ?? -1n;
    }),
  );
}

/** What each purchase of a batch of 10.00 USD each earns, in the order of the batch. */
async function earnInOneBatch(member: Member, occurTimes: readonly number[]): Promise<bigint[]> {
  const { programId, userId } = member;
  const earns = occurTimes.map((occurMs) => ({
    userId,
    transaction: purchase(1_000, { occurTime: secondsAndNanos(occurMs) }),
  }));
  const { outcomes } = await setting.clients.ledger.batchEarn({ programId, earns }, checkout);
  return outcomes.map(({ result }) =>
    result.case === 'success' ? (result.value.earn?.points ?? -1n) : -1n,
  );
}

function sum(points: readonly bigint[]): bigint {
  return points.reduce((total, each) => total + each, 0n);
}

/** 10 points for 10.00 USD, and no more than 105 of them within the period. */
const capped = (period: Cap_Period): CustomProgram => ({
  ruleSet: { earnRules: [proportional(100n, { cap: { points: 105n, period } })] },
});

describe('a cap', () => {
  test.each([Cap_Period.DAY, Cap_Period.LIFETIME])(
    'of period %d is reached exactly, however many purchases two replicas credit at once',
    async (period) => {
      const member = await createCustomMember(setting, capped(period));
      expect(sum(await earnAtBoth(Array<Member>(60).fill(member)))).toBe(105n);
      expect(await availablePoints(setting, member)).toBe(105n);
    },
  );

  test('holds for those whom their first purchases make members', async () => {
    const settings = { enrollment: Program_Enrollment.AUTO };
    const programId = await createCustomProgram(setting, {
      ...capped(Cap_Period.MONTH),
      settings,
    });
    for (let user = 0; user < 10; user++) {
      const member = { programId, userId: `user-${user}` };
      expect(sum(await earnAtBoth(Array<Member>(20).fill(member)))).toBe(105n);
      expect(await availablePoints(setting, member)).toBe(105n);
    }
  });

  test('is used up purchase by purchase within one batch', async () => {
    const member = await createCustomMember(setting, capped(Cap_Period.DAY));
    const points = await earnInOneBatch(member, Array<number>(13).fill(today));
    expect(points).toEqual([...Array<bigint>(10).fill(10n), 5n, 0n, 0n]);
  });

  test('of a day is that of the purchase, not of its report', async () => {
    const member = await createCustomMember(setting, capped(Cap_Period.DAY));
    const days = [today, yesterday];
    for (const day of days) {
      expect(sum(await earnInOneBatch(member, Array<number>(12).fill(day)))).toBe(105n);
    }
    expect(await earnInOneBatch(member, days)).toEqual([0n, 0n]);
    expect(await availablePoints(setting, member)).toBe(210n);
  });

  test('is kept under the rule’s id when a new version is published', async () => {
    const member = await createCustomMember(setting, capped(Cap_Period.LIFETIME));
    const { programId } = member;
    expect(sum(await earnInOneBatch(member, Array<number>(8).fill(today)))).toBe(80n);

    const { ruleSets } = setting.clients;
    const cap = { points: 100n, period: Cap_Period.LIFETIME };
    const earnRules = [
      proportional(100n, { cap, displayName: 'Per 100.00' }),
      proportional(10n, { ruleId: 'new', cap }),
    ];
    const draft = await ruleSets.createRuleSet({ programId, ruleSet: { earnRules } }, admin);
    const version = draft.ruleSet?.version ?? 0;
    await ruleSets.publishRuleSet({ programId, version }, admin);
    await awaitKnown(member, setting.clients, [setting.clients]);
    setting.letPass(2 * secondMs);
    const transaction = purchase(4_000, { occurTime: secondsAndNanos(setting.now()) });
    const { ledger } = setting.clients;
    const { earn: earned } = await ledger.earn({ ...member, transaction }, checkout);
    expect(earned).toMatchObject({
      ruleSetVersion: version,
      points: 24n,
      explanation: [
        { kind: Kind.RULE, ruleId: 'base', displayName: 'Per 100.00', points: '40' },
        { kind: Kind.RULE, ruleId: 'new', points: '4' },
        { kind: Kind.CAP, ruleId: 'base', displayName: 'Per 100.00', points: '-20' },
      ],
    });
  });
});

describe('a condition on what the member has earned', () => {
  const bonusFrom100: CustomProgram = {
    ruleSet: {
      earnRules: [
        proportional(100n),
        {
          ruleId: 'loyal',
          award: { case: 'multiplier', value: { factor: '2' } },
          condition: 'member.lifetime_earned >= 100',
        },
      ],
    },
  };

  test('is asked purchase by purchase within one batch', async () => {
    const member = await createCustomMember(setting, bonusFrom100);
    const points = await earnInOneBatch(member, Array<number>(13).fill(today));
    expect(points).toEqual([...Array<bigint>(10).fill(10n), 20n, 20n, 20n]);
  });

  test('holds from the same purchase on at every replica', async () => {
    const member = await createCustomMember(setting, bonusFrom100);
    const points = await earnAtBoth(Array<Member>(40).fill(member));
    expect(points.filter((each) => each === 10n)).toHaveLength(10);
    expect(points.filter((each) => each === 20n)).toHaveLength(30);
    expect(await availablePoints(setting, member)).toBe(700n);
  });
});
