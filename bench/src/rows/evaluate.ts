// What evaluating the rules costs, without anything around it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { fromJson, type JsonObject } from '@bufbuild/protobuf';
import { root as ownRoot } from '@loyalty/local/settings.ts';
import type { RuleSetSchema } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import type { TransactionSchema } from '@loyalty/proto/loyalty/programs/v1/transaction_pb.ts';
import type { compileRuleSet } from '@loyalty/rules/compile-rule-set.ts';
import type { evaluate } from '@loyalty/rules/evaluate.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import type { Contestant, Row, Window } from '../row.ts';

const usd = (minorUnits: number) => ({ currencyCode: 'USD', minorUnits });

/** Twenty rules of every kind, three of them with a condition; all but two of them apply to the purchase. */
const ruleSet: JsonObject = {
  timeZone: 'America/New_York',
  earnRules: [
    ...[100, 250, 500, 1_000, 2_500].map((cents) => ({
      ruleId: `step-${cents}`,
      rate: { points: 1, per: usd(cents) },
      cap: { points: 1_000_000, period: 'MONTH' },
    })),
    ...['wine', 'cheese', 'bread'].map((category) => ({
      ruleId: `exact-${category}`,
      rate: { points: 1, per: usd(300), mode: 'PROPORTIONAL' },
      match: { categories: [category] },
      minimumAmount: usd(1_000),
    })),
    ...['cab-2019', 'brie-200', 'baguette'].map((sku) => ({
      ruleId: `units-${sku}`,
      perItem: { points: 3 },
      match: { skus: [sku] },
      schedule: { daysOfWeek: ['SATURDAY'], startTimeOfDay: '09:00', endTimeOfDay: '22:00' },
    })),
    ...[20, 30, 50].map((points) => ({
      ruleId: `best-${points}`,
      fixed: { points },
      exclusiveGroup: 'promotion',
    })),
    ...[
      "'store' in transaction.attributes && transaction.attributes['store'] == 'paris'",
      "transaction.items.exists(i, 'wine' in i.categories && i.quantity >= 2)",
      "member.lifetime_earned >= 1000 && member.attributes['tier'] in ['gold', 'platinum']",
    ].map((condition, index) => ({ ruleId: `if-${index}`, fixed: { points: 10 }, condition })),
    ...['1.1', '1.25', '2'].map((factor) => ({
      ruleId: `times-${factor.replace('.', '-')}`,
      multiplier: { factor },
      maximumPoints: 500,
    })),
  ],
};

const purchase: JsonObject = {
  transactionId: 'order-1',
  occurTime: '2026-03-21T16:00:00Z',
  amount: usd(13_500),
  channel: 'store',
  attributes: { store: 'paris', till: '4' },
  items: [
    { itemId: '1', sku: 'cab-2019', categories: ['wine'], quantity: 2, amount: usd(8_000) },
    { itemId: '2', sku: 'brie-200', categories: ['cheese'], quantity: 3, amount: usd(4_500) },
    { itemId: '3', sku: 'baguette', categories: ['bread'], quantity: 1, amount: usd(500) },
  ],
};

/** What an evaluation may take of the processor's time. */
const CPU_US_MAX = 50;

export const evaluateRow: Row = {
  id: 'evaluate',
  title: `Evaluate 20 rules, 3 of them with a condition in CEL; to take at most ${CPU_US_MAX} µs`,
  unit: 'evaluations',
  isShared: true,
  aims: [{ against: 'J' }],
  async prepare({ revision }) {
    const own = await loadRules(ownRoot);
    const contestants = [
      rulesContestant(own, { id: 'evaluate', title: 'the rules', cpuUsMax: CPU_US_MAX }),
    ];
    if (revision !== undefined) {
      const { commit, root } = revision;
      const id = `evaluate@${commit}`;
      const title = `the rules of ${commit}`;
      contestants.push(rulesContestant(await loadRules(root), { id, title, cpuUsMax: undefined }));
    }
    const text = JSON.stringify(purchase);
    const json = repeat({
      id: 'J',
      title: 'JSON.parse of the same transaction',
      run: () => JSON.parse(text),
    });
    return { contestants, yardsticks: [json] };
  },
};

interface Rules {
  readonly compileRuleSet: typeof compileRuleSet;
  readonly evaluate: typeof evaluate;
  readonly RuleSetSchema: typeof RuleSetSchema;
  readonly TransactionSchema: typeof TransactionSchema;
  readonly instantOf: (time: string) => Instant;
}

/** The rules of the project whose top is `root`, in this process. */
async function loadRules(root: string): Promise<Rules> {
  const load = (path: string) => import(pathToFileURL(join(root, path)).href);
  const modules = await Promise.all([
    load('rules/src/compile-rule-set.ts'),
    load('rules/src/evaluate.ts'),
    load('proto/gen/loyalty/programs/v1/rule_set_pb.ts'),
    load('proto/gen/loyalty/programs/v1/transaction_pb.ts'),
  ]);
  // Older commits take dates.
  const hasInstants = existsSync(join(root, 'rules/src/instant.ts'));
  const instantOf = hasInstants ? Date.parse : (time: string) => new Date(time);
  return Object.assign({ instantOf }, ...modules) as Rules;
}

function rulesContestant(
  rules: Rules,
  { id, title, cpuUsMax }: { id: string; title: string; cpuUsMax: number | undefined },
): Contestant {
  const compiled = rules.compileRuleSet(fromJson(rules.RuleSetSchema, ruleSet));
  const input = {
    purchase: fromJson(rules.TransactionSchema, purchase),
    member: {
      userId: 'alice',
      attributes: { tier: 'gold' },
      joinTime: rules.instantOf('2025-01-01T00:00:00Z'),
      lifetimeEarned: 5_000n,
    },
    now: rules.instantOf('2026-03-21T16:00:01Z'),
    capUsed: () => 0n,
  };
  const { points } = rules.evaluate(compiled, input);
  let wrong = 0;
  let cpuUs = Number.POSITIVE_INFINITY;
  return {
    ...repeat({
      id,
      title,
      run() {
        if (rules.evaluate(compiled, input).points !== points) wrong += 1;
      },
      // Other work on the machine only adds to it, so the least of the rounds says the most.
      measured(perCallUs) {
        cpuUs = Math.min(cpuUs, perCallUs);
      },
    }),
    async verify() {
      const { explanation } = rules.evaluate(compiled, input);
      const giving = explanation.filter((line) => line.ruleId !== '' && line.points !== '0');
      if (wrong > 0) throw new Error(`${wrong} evaluations did not give ${points} points`);
      const took = `took ${cpuUs.toFixed(1)} µs of the processor in the quietest round`;
      if (cpuUsMax !== undefined && cpuUs > cpuUsMax) {
        throw new Error(`an evaluation ${took}, more than ${cpuUsMax}`);
      }
      return `${id}: every evaluation gave ${points} points, by ${giving.length} rules, and ${took}`;
    },
  };
}

/** Runs it again and again in this process, a little at a time so that signals are heard. */
function repeat(work: {
  id: string;
  title: string;
  run: () => void;
  measured?: (perCallUs: number) => void;
}): Contestant {
  const { id, title, run, measured } = work;
  async function runFor(windowMs: number): Promise<{ count: number; seconds: number }> {
    const begin = performance.now();
    let count = 0;
    while (performance.now() - begin < windowMs) {
      for (let index = 0; index < 1_000; index++) run();
      count += 1_000;
      await nextTurn();
    }
    return { count, seconds: (performance.now() - begin) / 1_000 };
  }
  return {
    id,
    title,
    async measure({ warmUpMs, measureMs }: Window) {
      await runFor(warmUpMs);
      const before = process.cpuUsage();
      const { count, seconds } = await runFor(measureMs);
      const { user, system } = process.cpuUsage(before);
      const serviceCpuPerCallUs = (user + system) / count;
      measured?.(serviceCpuPerCallUs);
      return { perSecond: count / seconds, details: { serviceCpuPerCallUs } };
    },
  };
}
