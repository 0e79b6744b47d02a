// The attacks of npm run test:abuse in short: who is refused, with which reason, and what it costs in memory. How long
// others wait meanwhile is for a machine that has nothing else to do.
import { expect, test } from '@jest/globals';
import { patience } from '@loyalty/local/test-patience.ts';
import { abuses } from '../abuse/attacks.ts';
import { runTrial, withPlatform } from '../abuse/trial.ts';
import { faultsOf } from '../abuse/verdict.ts';

const chosen = abuses.filter(({ id }) =>
  /^(member-calls|backend-bytes|address-tokens|stranger-bytes)-/.test(id),
);

test(
  'callers over their limits and strangers are refused, and nobody else is',
  async () => {
    expect(chosen).toHaveLength(12);
    const limits = Object.assign({}, ...chosen.map((abuse) => abuse.limits));
    await withPlatform(limits, async (platform) => {
      for (const abuse of chosen) {
        const result = await runTrial(platform, abuse, { calls: 40 });
        expect({ [abuse.id]: faultsOf(abuse, result) }).toEqual({ [abuse.id]: [] });
      }
    });
  },
  patience(120_000),
);
