import { expect, test } from '@jest/globals';
import { budgetShares } from './budget.ts';
import type { CpuProfile } from './profile.ts';

const project = 'file:///project';

/** A profile of stacks, the outermost frame first, each of which took as long. */
function profileOf(...stacks: (readonly [url: string, functionName: string])[][]): CpuProfile {
  const nodes: {
    id: number;
    callFrame: { url: string; functionName: string };
    children: number[];
  }[] = [];
  const samples = stacks.map((stack) => {
    for (const [url, functionName] of stack) {
      const id = nodes.length;
      nodes.push({ id, callFrame: { url, functionName }, children: [] });
      if (functionName !== stack[0]?.[1]) nodes[id - 1]?.children.push(id);
    }
    return nodes.length - 1;
  });
  return { nodes, samples, timeDeltas: [0, ...stacks.map(() => 10)] };
}

const commit = [`${project}/services/ledger/src/storage/commit-to-ledger.ts`, 'commit'] as const;
const query = [`${project}/node_modules/pg/lib/client.js`, 'query'] as const;

test.each([
  [
    'encode and write',
    [commit, [`${project}/services/ledger/src/storage/write-ledger.ts`, 'writeLedger'], query],
  ],
  [
    'lock and read',
    [commit, [`${project}/services/ledger/src/storage/lock-ledger.ts`, 'lockLedger'], query],
  ],
  ['lock and read', [['node:net', 'onread'], query]],
  [
    'respond',
    [
      [`${project}/platform/src/rpc/pipeline.ts`, 'run'],
      [`${project}/platform/src/rpc/grpc-call.ts`, 'succeed'],
      ['node:internal/http2/core', 'respond'],
    ],
  ],
  ['HTTP/2 by itself', [['node:internal/http2/core', 'onSessionHeaders']]],
  ['collect garbage', [['', '(garbage collector)']]],
  ['other', [['node:internal/timers', 'listOnTimeout']]],
] as const)('a sample counts for the innermost frame with a step: %s', (name, stack) => {
  const shares = budgetShares([profileOf([...stack], [['', '(idle)']])]);
  expect(shares.filter(({ share }) => share > 0)).toEqual([{ name, share: 1 }]);
});
