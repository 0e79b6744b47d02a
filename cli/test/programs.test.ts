// Programs as code against a running programs service: what a file says becomes so, once, and nothing else does.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fc } from '@loyalty/local/property.ts';
import { patience } from '@loyalty/local/test-patience.ts';
import { RuleSet_StateSchema } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { stringify } from 'yaml';
import {
  type Setting,
  startSetting,
  tokenOf,
} from '../../services/programs/test/running-programs.ts';
import { applyPlan } from '../src/programs/apply-plan.ts';
import { exportPrograms } from '../src/programs/export-programs.ts';
import { isEmpty } from '../src/programs/plan.ts';
import { planPrograms } from '../src/programs/plan-programs.ts';
import { ProgramChanged } from '../src/programs/program-changed.ts';
import { openProgramsApi, type ProgramsApi } from '../src/programs/programs-api.ts';
import { describePlan } from '../src/programs/report.ts';
import { readChannelCredentials } from '../src/service-calls/channel-credentials.ts';

let setting: Setting;
let api: ProgramsApi;
let credentials: Awaited<ReturnType<typeof readChannelCredentials>>;

beforeAll(async () => {
  setting = await startSetting();
  credentials = await readChannelCredentials({});
  api = openWith(setting.tokens.admin);
}, patience(60_000));

afterAll(async () => {
  api.close();
  await setting.stop();
}, patience(30_000));

function openWith(token: string): ProgramsApi {
  return openProgramsApi({ address: setting.grpcAddress, credentials, token });
}

/** A call that isn't one of the command's. */
const byJane = () => ({ token: setting.tokens.admin });

const newId = () => `code-${randomUUID().slice(0, 18)}`;

interface Written {
  program: { programId: string; displayName: string; [name: string]: unknown };
  ruleSet?: Record<string, unknown>;
  rewards?: object[];
}

function written(changes: { program?: object; ruleSet?: object; rewards?: object[] } = {}) {
  const { program = {}, ruleSet = {}, rewards } = changes;
  return {
    program: { programId: newId(), displayName: 'Code', state: 'ACTIVE', ...program },
    ruleSet: { earnRules: [{ ruleId: 'base', fixed: { points: 1 } }], ...ruleSet },
    rewards: rewards ?? [{ rewardId: 'tea', displayName: 'Tea', fixed: { points: 10 } }],
  } satisfies Written;
}

type Options = { prune?: boolean; base?: string; with?: ProgramsApi };

function plan(text: string, { prune = false, base, with: by = api }: Options = {}) {
  return planPrograms(by, {
    file: { name: 'programs.yaml', bytes: Buffer.from(text) },
    base: base === undefined ? undefined : { name: 'base.yaml', bytes: Buffer.from(base) },
    prune,
    nowMs: setting.now(),
  });
}

async function described(text: string): Promise<string> {
  const [planned] = (await plan(text)).plans;
  if (planned === undefined) throw new Error('no plan');
  return describePlan(planned.plan);
}

/** What it did. A step at which it has to stop is one after which the process is killed. */
async function apply(text: string, options: Options & { stopAfter?: number } = {}) {
  const { plans, name } = await plan(text, options);
  const did: string[] = [];
  for (const { plan: one, file } of plans) {
    if (isEmpty(one)) continue;
    const done = (what: string) => {
      did.push(what);
      if (did.length === options.stopAfter) throw new Error('killed');
    };
    await applyPlan({ api: options.with ?? api, plan: one, file, fileName: name, done });
  }
  return did;
}

const exported = (...ids: string[]) => exportPrograms(api, ids);
const versions = async (programId: string) =>
  (await api.ruleSets.listRuleSets({ programId }, api.call())).ruleSets.map(
    ({ version, state }) => `${version} ${RuleSet_StateSchema.value[state]?.name}`,
  );

test(
  'a file creates, activates and is changed by nothing when it is applied or exported again',
  async () => {
    const [one, two] = [written(), written({ program: { state: 'DRAFT' } })];
    const text = `# two programs\n${stringify(one)}---\n${stringify(two)}`;
    await apply(text);
    expect(await apply(text)).toEqual([]);
    const ids = [one.program.programId, two.program.programId].toSorted();
    const copy = await exported(...ids);
    expect(await apply(copy)).toEqual([]);
    expect(await exported(...ids)).toBe(copy);
    expect(await versions(one.program.programId)).toEqual(['1 ACTIVE']);
  },
  patience(60_000),
);

test(
  'a plan says what changes, and what members would notice',
  async () => {
    const first = written();
    await apply(stringify(first));
    const text = stringify({
      program: { ...first.program, metadata: { owner: 'marketing' } },
      ruleSet: {
        effectiveTime: '2099-01-01T00:00:00Z',
        earnRules: [
          { ruleId: 'base', fixed: { points: 2 } },
          { ruleId: 'more', displayName: 'More', multiplier: { factor: '2' } },
        ],
      },
      rewards: [
        { rewardId: 'cake', displayName: 'Cake', fixed: { points: 20 } },
        { rewardId: 'tea', displayName: 'Tea', fixed: { points: 12 } },
      ],
    });
    expect(await described(text)).toBe(
      [
        `${first.program.programId}`,
        '  program',
        '    + metadata: {"owner":"marketing"}',
        '  rule set (new version, in force from 2099-01-01T00:00:00Z, after version 1)',
        '    ~ earnRules[base].fixed.points: 1 → 2',
        '    + earnRules[more]: {"ruleId":"more","displayName":"More","multiplier":{"factor":"2"}}',
        '    + effectiveTime: "2099-01-01T00:00:00Z"',
        '  reward cake (new)',
        '    + displayName: "Cake"',
        '    + state: "ACTIVE"',
        '    + fixed: {"points":20}',
        '  reward tea',
        '    ~ fixed.points: 10 → 12',
        '  members would notice:',
        '    - From 2099-01-01T00:00:00Z: Rule base gives 2 points for each purchase, instead of 1 point for each purchase.',
        '    - From 2099-01-01T00:00:00Z: Rule more ("More") is new: 2 times the points.',
        '    - Reward cake ("Cake") is on offer for 20 points.',
        '    - Reward tea ("Tea") costs 12 points, instead of 10 points.',
      ].join('\n'),
    );
  },
  patience(60_000),
);

describe('scheduled rules', () => {
  test(
    'are published for their time, moved, corrected and taken back',
    async () => {
      const first = written();
      const { programId } = first.program;
      await apply(stringify(first));
      const at = (effectiveTime: string, points: number) =>
        stringify({
          ...first,
          ruleSet: { effectiveTime, earnRules: [{ ruleId: 'base', fixed: { points } }] },
        });
      await apply(at('2098-01-01T01:00:00+01:00', 2));
      expect(await apply(at('2098-01-01T00:00:00Z', 2))).toEqual([]);
      expect(await exported(programId)).toContain('effectiveTime: "2098-01-01T00:00:00Z"');
      expect(await apply(await exported(programId))).toEqual([]);
      await apply(at('2099-01-01T00:00:00Z', 2));
      await apply(at('2099-01-01T00:00:00Z', 3));
      expect(await versions(programId)).toEqual([
        '4 SCHEDULED',
        '3 WITHDRAWN',
        '2 WITHDRAWN',
        '1 ACTIVE',
      ]);
      expect(await apply(stringify(first))).toEqual([
        `${programId}: withdrew version 4 of the rules`,
      ]);
      expect(await apply(stringify(first))).toEqual([]);
    },
    patience(60_000),
  );

  test(
    'become those in force when their time comes, and the file stays true',
    async () => {
      const first = written();
      await apply(stringify(first));
      const effectiveTime = new Date(setting.now() + 60_000).toISOString();
      const rules = { effectiveTime, earnRules: [{ ruleId: 'base', fixed: { points: 2 } }] };
      const text = stringify({ ...first, ruleSet: rules });
      await apply(text);
      setting.letPass(60_000);
      expect(await versions(first.program.programId)).toEqual(['2 ACTIVE', '1 SUPERSEDED']);
      expect(await apply(text)).toEqual([]);
      expect(await exported(first.program.programId)).not.toContain('effectiveTime');
    },
    patience(60_000),
  );

  test(
    'of the past are refused unless they are in force',
    async () => {
      const first = written();
      await apply(stringify(first));
      const past = {
        ...first,
        ruleSet: { ...first.ruleSet, effectiveTime: '2020-01-01T00:00:00Z' },
      };
      expect(await apply(stringify(past))).toEqual([]);
      const rules = { ...past.ruleSet, earnRules: [{ ruleId: 'base', fixed: { points: 7 } }] };
      await expect(apply(stringify({ ...past, ruleSet: rules }))).rejects.toThrow(
        'ruleSet.effectiveTime: is in the past, and these rules are not in force; leave it out to publish them now, or give a later time',
      );
    },
    patience(60_000),
  );
});

describe('changes of others', () => {
  test(
    'stop an apply that was planned before',
    async () => {
      const first = written();
      await apply(stringify(first));
      const { programId } = first.program;
      const text = stringify({ ...first, program: { ...first.program, displayName: 'Mine' } });
      const { plans, name } = await plan(text);
      const reward = { rewardId: 'cake', displayName: 'Cake', price: fixed(1n) };
      await api.rewards.createReward({ programId, reward }, byJane());
      const [planned] = plans;
      if (planned === undefined) throw new Error('no plan');
      const late = applyPlan({
        api,
        plan: planned.plan,
        file: planned.file,
        fileName: name,
        done: () => undefined,
      });
      await expect(late).rejects.toThrow(ProgramChanged);
      await expect(late).rejects.toThrow(
        `admin:jane changed program ${programId} at the same time (CREATE_REWARD)`,
      );
      expect(await exported(programId)).toContain('displayName: Code');
    },
    patience(60_000),
  );

  test(
    'are not overwritten where a base is given',
    async () => {
      const first = written();
      const { programId } = first.program;
      await apply(stringify(first));
      const base = await exported(programId);
      const mine = base.replace('points: 10', 'points: 11');
      const theirs = base.replace('points: 10', 'points: 99');
      await apply(base.replace('displayName: Code', 'displayName: Theirs'));
      await expect(apply(mine, { base })).rejects.toThrow(
        'program.displayName: was changed on the platform since the base, from "Code" to "Theirs"; export it again, or apply without --base',
      );
      await apply(theirs);
      await expect(apply(mine, { base })).rejects.toThrow('rewards[0].fixed.points: was changed');
      await apply(base);
      expect(await apply(mine, { base })).toHaveLength(1);
      expect(await apply(mine, { base })).toEqual([]);
    },
    patience(60_000),
  );

  test(
    'are seen in a draft, which stays theirs',
    async () => {
      const first = written();
      const { programId } = first.program;
      await apply(stringify(first));
      const rules = { earnRules: [{ ruleId: 'base', award: fixed(5n) }] };
      await api.ruleSets.createRuleSet({ programId, ruleSet: rules }, byJane());
      await apply(
        stringify({ ...first, ruleSet: { earnRules: [{ ruleId: 'base', fixed: { points: 5 } }] } }),
      );
      const states = await versions(programId);
      expect(states.map((state) => state.replace('SCHEDULED', 'ACTIVE'))).toContain('3 ACTIVE');
      expect(states).toContain('2 DRAFT');
    },
    patience(60_000),
  );
});

test(
  'rewards that the file does not have stay, unless they are pruned',
  async () => {
    const first = written();
    await apply(stringify(first));
    const text = stringify({ ...first, rewards: [] });
    expect(await described(text)).toContain(
      'reward tea is not in the file and stays; --prune would archive it',
    );
    expect(await apply(text)).toEqual([]);
    expect(await apply(text, { prune: true })).toHaveLength(1);
    expect(await apply(text, { prune: true })).toEqual([]);
    expect(await exported(first.program.programId)).toContain('rewards: []');
    await apply(stringify(first));
    expect(await exported(first.program.programId)).toContain('rewardId: tea');
  },
  patience(60_000),
);

test(
  'an admin of some programs works with those, and creates them',
  async () => {
    const [mine, other] = [written(), written()];
    await apply(stringify(other));
    const token = await tokenOf({ role: 'admin', programs: [mine.program.programId] });
    const scoped = openWith(token);
    try {
      await apply(stringify(mine), { with: scoped });
      expect(await exportPrograms(scoped, undefined)).toBe(await exported(mine.program.programId));
      await expect(plan(stringify(other), { with: scoped })).rejects.toMatchObject({
        reason: 'PERMISSION_DENIED',
      });
    } finally {
      scoped.close();
    }
  },
  patience(60_000),
);

test.each([
  ['ARCHIVED', "program.state: can't become ARCHIVED from ACTIVE; it can become SUSPENDED"],
  ['DRAFT', "program.state: can't become DRAFT from ACTIVE; it can become SUSPENDED"],
])(
  'an active program asked to be %s is refused before anything changes',
  async (state, message) => {
    const first = written();
    await apply(stringify(first));
    const program = { ...first.program, displayName: 'New', state };
    await expect(apply(stringify({ ...first, program }))).rejects.toThrow(message);
    expect(await exported(first.program.programId)).toContain('displayName: Code');
  },
  patience(60_000),
);

test(
  'what only the platform finds is placed in the file',
  async () => {
    const price = { points: 100, per: { currencyCode: 'XXQ', minorUnits: 1 } };
    const first = written({
      rewards: [{ rewardId: 'tea', displayName: 'Tea', conversion: price }],
    });
    await expect(apply(stringify(first))).rejects.toThrow(
      /^programs\.yaml:\d+: document 1 \(code-.*\): rewards\[0\]\.conversion\.per\.currencyCode: must be a currency/,
    );
  },
  patience(60_000),
);

describe('an apply that is killed', () => {
  const first = () => written({ program: { programId: newId() } });
  const second = ({ program }: Written) => ({
    program: { ...program, displayName: 'Second', state: 'SUSPENDED' },
    ruleSet: {
      effectiveTime: '2099-01-01T00:00:00Z',
      earnRules: [{ ruleId: 'b', fixed: { points: 3 } }],
    },
    rewards: [
      { rewardId: 'cake', displayName: 'Cake', fixed: { points: 20 } },
      { rewardId: 'tea', displayName: 'Tea', fixed: { points: 12 } },
    ],
  });
  const between = ({ program, rewards }: Written) => ({
    program,
    ruleSet: {
      effectiveTime: '2098-01-01T00:00:00Z',
      earnRules: [{ ruleId: 'c', fixed: { points: 4 } }],
    },
    rewards,
  });

  test(
    'after any step is continued by the next one',
    async () => {
      const whole = first();
      for (const file of [whole, between(whole), second(whole)]) await apply(stringify(file));
      const expected = (await exported(whole.program.programId)).replace(
        whole.program.programId,
        '',
      );
      for (let stopAfter = 1; stopAfter <= 6; stopAfter += 1) {
        const broken = first();
        const { programId } = broken.program;
        for (const file of [broken, between(broken), second(broken)]) {
          const text = stringify(file);
          await apply(text, { stopAfter }).catch((error: Error) => {
            if (error.message !== 'killed') throw error;
          });
          await apply(text);
          expect(await apply(text)).toEqual([]);
        }
        expect((await exported(programId)).replace(programId, '')).toBe(expected);
        expect(await versions(programId)).toEqual(['3 SCHEDULED', '2 WITHDRAWN', '1 ACTIVE']);
      }
    },
    patience(180_000),
  );
});

describe('random edits', () => {
  const text = fc.oneof(
    fc.constantFrom(
      'no',
      'yes',
      '2027-01-01',
      '1.5',
      'true',
      '~',
      '0x1F',
      '012',
      '<<',
      '&a',
      '*b',
      '!c',
    ),
    fc.constantFrom(
      'a: b',
      '# no comment',
      ' lead',
      'trail ',
      'two\nlines',
      'x\n\n  y\n',
      '"q"',
      "it's",
    ),
    fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
      .map((value) => value.replaceAll('\0', '')),
  );
  const name = text.filter((value) => value !== '');
  const points = fc.integer({ min: 1, max: 1_000_000 });
  const money = fc.record({
    currencyCode: fc.constantFrom('USD', 'EUR', 'JPY'),
    minorUnits: fc.integer({ min: 1, max: 1_000_000 }),
  });
  const metadata = fc.dictionary(
    name.filter((key) => key !== '__proto__'),
    text,
    { maxKeys: 3 },
  );
  const rule = fc.oneof(
    fc.record({ fixed: fc.record({ points }) }),
    fc.record({
      perItem: fc.record({ points }),
      match: fc.record({ skus: fc.array(name, { maxLength: 2 }) }),
    }),
    fc.record({ rate: fc.record({ points, per: money }) }),
    fc.record({
      fixed: fc.record({ points }),
      cap: fc.record({ points, period: fc.constantFrom('DAY', 'LIFETIME') }),
    }),
  );
  const reward = fc.record(
    {
      displayName: name,
      description: text,
      fixed: fc.record({ points }),
      stock: fc.record({ limit: fc.integer({ min: 0, max: 9 }) }),
      metadata,
      condition: fc.constantFrom(
        '',
        'member.lifetime_earned > 5',
        "member.attributes['a'] == 'no'",
      ),
    },
    { requiredKeys: ['displayName', 'fixed'] },
  );
  const definition = fc.record({
    program: fc.record(
      {
        displayName: name,
        description: text,
        unit: fc.record({ singular: name, plural: name }),
        timeZone: fc.constantFrom('europe/paris', 'UTC', 'Asia/Tokyo'),
        enrollment: fc.constantFrom('OPEN', 'AUTO'),
        limits: fc.record({ redemptionsPerMinute: fc.nat(9) }, { requiredKeys: [] }),
        notices: fc.record(
          { expiringDays: fc.nat(90), maturingDays: fc.nat(1) },
          { requiredKeys: [] },
        ),
        metadata,
      },
      { requiredKeys: ['displayName'] },
    ),
    ruleSet: fc.record(
      {
        description: text,
        rounding: fc.constantFrom('FLOOR', 'CEILING'),
        earnRules: fc.array(rule, { maxLength: 3 }),
        effectiveTime: fc.constantFrom('2097-01-01T00:00:00Z', '2098-01-01T00:00:00+01:00'),
        expiry: fc.constantFrom({ never: {} }, { after: { months: 12 } }),
      },
      { requiredKeys: ['earnRules'] },
    ),
    rewards: fc.dictionary(fc.constantFrom('tea', 'cake', 'milk'), reward),
  });

  test(
    'become so: the export says what the file means, and applying either again changes nothing',
    async () => {
      const programId = newId();
      await fc.assert(
        fc.asyncProperty(definition, async ({ program, ruleSet, rewards }) => {
          const document = {
            program: { programId, ...program },
            ruleSet: {
              ...ruleSet,
              earnRules: ruleSet.earnRules.map((one, index) => ({ ruleId: `r${index}`, ...one })),
            },
            rewards: Object.entries(rewards).map(([rewardId, offer]) => ({ rewardId, ...offer })),
          };
          // A plain << is refused: to readers of YAML 1.1 it is a merge.
          const file = stringify(document, { compat: 'yaml-1.1' });
          await apply(file, { prune: true });
          expect(await apply(file, { prune: true })).toEqual([]);
          const copy = await exported(programId);
          expect(await apply(copy, { prune: true })).toEqual([]);
        }),
        { numRuns: 15 },
      );
    },
    patience(180_000),
  );
});

function fixed(points: bigint) {
  return { case: 'fixed', value: { points } } as const;
}
