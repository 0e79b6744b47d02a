import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from '@jest/globals';
import { Program_State } from '@loyalty/proto/loyalty/programs/v1/program_pb.ts';
import {
  type RuleSet,
  RuleSet_State,
  RuleSetSchema,
} from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { stringify } from 'yaml';
import type { ProgramDefinition } from './definition.ts';
import { memberNotices } from './member-notices.ts';
import { isEmpty, planProgram } from './plan.ts';
import type { PlatformProgram } from './platform-program.ts';
import { readProgramsFile } from './programs-file.ts';

const nowMs = Date.parse('2027-01-01T00:00:00Z');

interface Written {
  program?: object;
  ruleSet?: object;
  rewards?: object[];
}

function fileOf({ program, ruleSet, rewards }: Written) {
  const document = {
    program: { programId: 'tea-time', displayName: 'Tea', state: 'ACTIVE', ...program },
    ruleSet: { earnRules: [{ ruleId: 'base', fixed: { points: 1 } }], ...ruleSet },
    rewards: rewards ?? [{ rewardId: 'tea', displayName: 'Tea', fixed: { points: 10 } }],
  };
  const [file] = readProgramsFile('p.yaml', Buffer.from(stringify(document)));
  if (file === undefined) throw new Error('no program');
  return file;
}

function platformOf(definition: ProgramDefinition): PlatformProgram {
  const { ruleSet = create(RuleSetSchema) } = definition;
  const published: RuleSet = {
    ...ruleSet,
    version: 1,
    state: RuleSet_State.ACTIVE,
    effectiveTime: timestampFromDate(new Date(nowMs)),
    publishTime: timestampFromDate(new Date(nowMs)),
  };
  return {
    definition,
    program: { ...definition.program, activeRuleSetVersion: 1 },
    revision: 5n,
    published: [published],
    drafts: [],
    rewards: new Map(definition.rewards),
  };
}

function noticesOf(before: Written, after: Written): string[] {
  const platform = platformOf(fileOf(before).definition);
  const { plan } = planProgram(fileOf(after), platform, { prune: true, nowMs });
  expect(isEmpty(plan)).toBe(false);
  return memberNotices(plan);
}

const rule = (changes: object) => ({ ruleSet: { earnRules: [{ ruleId: 'base', ...changes }] } });
const rate = (points: number, mode?: string) => ({
  rate: { points, per: { currencyCode: 'USD', minorUnits: 10_000 }, ...(mode && { mode }) },
});
const reward = (changes: object) => ({
  rewards: [{ rewardId: 'tea', displayName: 'Tea', fixed: { points: 10 }, ...changes }],
});

describe('members would notice', () => {
  test.each<[string, Written, Written, string[]]>([
    [
      'another rate',
      rule(rate(5)),
      rule(rate(6, 'PROPORTIONAL')),
      [
        'Rule base gives 6 points for each 100.00 USD, instead of 5 points for each full 100.00 USD.',
      ],
    ],
    [
      'another kind of award, and its name',
      rule({ perItem: { points: 2 }, displayName: 'Old' }),
      rule({ fixed: { points: 1 }, displayName: 'New' }),
      [
        'Rule base ("Old") is called "New".',
        'Rule base ("New") gives 1 point for each purchase, instead of 2 points for each unit.',
      ],
    ],
    [
      'other purchases and limits',
      rule({ fixed: { points: 1 } }),
      rule({
        fixed: { points: 1 },
        match: { channels: ['web'] },
        condition: 'member.lifetime_earned > 5',
        maximumPoints: 100,
        cap: { points: 500, period: 'DAY' },
      }),
      [
        'Rule base applies to other purchases (match, condition).',
        'Rule base gives at most 100 points per purchase and 500 points per day, instead of any number.',
      ],
    ],
    [
      'a rule that is gone, from a time on',
      {},
      { ruleSet: { earnRules: [], effectiveTime: '2028-01-01T00:00:00Z' } },
      ['From 2028-01-01T00:00:00Z: Rule base no longer gives points.'],
    ],
    [
      'when points expire',
      {},
      {
        ruleSet: {
          maturation: { after: { days: 14 } },
          expiry: { after: { months: 12 } },
          rounding: 'CEILING',
        },
      },
      [
        'New points become available after 14 days, instead of at once.',
        'New points expire 12 months after they became available, at the end of the day, instead of never.',
        'Points of a purchase are rounded another way, from "FLOOR" to "CEILING".',
      ],
    ],
    [
      'names, and a suspension',
      {},
      { program: { displayName: 'Coffee', state: 'SUSPENDED' } },
      [
        'The program is suspended: nobody can join, earn or redeem.',
        'The name of the program changes, from "Tea" to "Coffee".',
      ],
    ],
    [
      'an offer that is new, and one that is gone',
      {},
      { rewards: [{ rewardId: 'cake', displayName: 'Cake', fixed: { points: 1 } }] },
      [
        'Reward cake ("Cake") is on offer for 1 point.',
        'Reward tea ("Tea") is no longer on offer.',
      ],
    ],
    [
      'another price, limit and time of an offer',
      reward({}),
      reward({
        fixed: { points: 12 },
        stock: { limit: 5 },
        memberLimit: { count: 1, period: 'MONTH' },
        availability: { endTime: '2027-02-01T00:00:00Z' },
      }),
      [
        'Reward tea ("Tea") costs 12 points, instead of 10 points.',
        'Reward tea ("Tea") has another stock: 5 units, instead of no limit.',
        'Reward tea ("Tea") has another limit per member: 1 per month, instead of no limit.',
        'Reward tea ("Tea") is available at other times: until 2027-02-01T00:00:00Z, instead of always.',
      ],
    ],
    [
      'nothing of metadata',
      {},
      { ...reward({ metadata: { erp: 'A-1' } }), program: { metadata: { a: 'b' } } },
      [],
    ],
    ['nothing of the description of the rules', {}, { ruleSet: { description: 'same rules' } }, []],
    [
      'nothing of a draft',
      { program: { state: 'DRAFT' } },
      { program: { state: 'DRAFT', displayName: 'Coffee' } },
      [],
    ],
  ])('%s', (_what, before, after, notices) => {
    expect(noticesOf(before, after)).toEqual(notices);
  });
});

test('a program that opens says so, and nothing else', () => {
  const file = fileOf({});
  const { plan } = planProgram(file, undefined, { prune: false, nowMs });
  expect(plan.wanted.state).toBe(Program_State.ACTIVE);
  expect(memberNotices(plan)).toEqual(['The program opens: users can join, earn and redeem.']);
});

describe('of a scheduled version that the file withdraws, members would notice', () => {
  const points = (now: number) => rule(rate(now));
  const scheduled = (now: number, from: string): RuleSet => ({
    ...(fileOf(points(now)).definition.ruleSet ?? create(RuleSetSchema)),
    version: 2,
    state: RuleSet_State.SCHEDULED,
    effectiveTime: timestampFromDate(new Date(from)),
    publishTime: timestampFromDate(new Date(nowMs)),
  });

  test.each<[string, { points: number; from: string }, string[]]>([
    [
      'only that it does not come, if the rules stay those in force',
      { points: 5, from: '2029-01-01T00:00:00Z' },
      ["What version 2 of the rules was to change doesn't happen."],
    ],
    [
      'what replaces the rules in force, and not the version that never counts',
      { points: 6, from: '2031-01-01T00:00:00Z' },
      [
        'From 2031-01-01T00:00:00Z: Rule base gives 6 points for each full 100.00 USD, instead of 5 points for each full 100.00 USD.',
        "What version 2 of the rules was to change doesn't happen.",
      ],
    ],
    [
      'that it comes at another time',
      { points: 7, from: '2031-01-01T00:00:00Z' },
      [
        'From 2031-01-01T00:00:00Z: Rule base gives 7 points for each full 100.00 USD, instead of 5 points for each full 100.00 USD.',
        'What version 2 of the rules was to change happens at another time.',
      ],
    ],
  ])('%s', (_what, wanted, notices) => {
    const platform = platformOf(fileOf(points(5)).definition);
    const published = [...platform.published, scheduled(7, '2030-01-01T00:00:00Z')];
    const { ruleSet } = points(wanted.points);
    const file = fileOf({ ruleSet: { ...ruleSet, effectiveTime: wanted.from } });
    const { plan } = planProgram(file, { ...platform, published }, { prune: true, nowMs });
    expect(memberNotices(plan)).toEqual(notices);
  });
});
