// npm run test:abuse: one caller at ten times each limit, and a bystander who must not notice.
import { type Abuse, abuses } from './attacks.ts';
import { runTrial, type TrialResult, withPlatform } from './trial.ts';
import { faultsOf, isUndisturbed } from './verdict.ts';

const usage = `npm run test:abuse              every limit over every transport
npm run test:abuse -- ID ...    only these: ${abuses.map(({ id }) => id).join(', ')}`;

/** Calls that the bystander makes alone, and as many while attacked. */
const calls = 1_000;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'] as const) {
  // What was started ends with this process.
  process.on(signal, () => process.exit(130));
}
process.exitCode = await main(process.argv.slice(2));
process.exit();

async function main(ids: readonly string[]): Promise<number> {
  const unknown = ids.filter((id) => abuses.every((abuse) => abuse.id !== id));
  if (unknown.length > 0) {
    console.error(`There is no ${unknown.join(', ')}\n${usage}`);
    return 1;
  }
  const chosen = abuses.filter(({ id }) => ids.length === 0 || ids.includes(id));
  let failures = 0;
  for (const [limits, alike] of Map.groupBy(chosen, (abuse) => abuse.limits)) {
    await withPlatform(limits, async (platform) => {
      for (const abuse of alike) {
        const result = await runTrial(platform, abuse, { calls });
        const faults = faultsOf(abuse, result);
        if (!isUndisturbed(result)) faults.push('the bystander noticed');
        if (faults.length > 0) failures += 1;
        console.log(lineOf(abuse, result, faults));
      }
    });
  }
  console.log(failures === 0 ? 'No caller disturbed another.' : `${failures} attacks succeeded.`);
  return failures === 0 ? 0 : 1;
}

function lineOf({ id, title }: Abuse, result: TrialResult, faults: readonly string[]): string {
  const outcomes = Object.entries(result.attackerOutcomes).map(
    ([name, count]) => `${name} ${count}`,
  );
  const memory = Object.entries(result.memory).map(
    ([name, { mostMib, moreMib }]) => `${name} ${mostMib.toFixed()} (+${moreMib.toFixed()})`,
  );
  return [
    `${faults.length === 0 ? '✓' : '✗'} ${id}: ${title}`,
    `  bystander's p99: ${result.aloneMs.toFixed(1)} ms alone, ${result.attackedMs.toFixed(1)} ms attacked`,
    `  attacker: ${outcomes.join(', ')}`,
    `  MiB: ${memory.join(', ')}`,
    ...faults.map((fault) => `  ✗ ${fault}`),
  ].join('\n');
}
