import { describe, expect, test } from '@jest/globals';
import { type CpuProfile, profileShares } from './profile.ts';

const root = '/project';

function profile(...calls: [url: string, functionName: string, us: number][]): CpuProfile {
  return {
    nodes: calls.map(([url, functionName], id) => ({ id, callFrame: { url, functionName } })),
    samples: calls.map((_, id) => id),
    // The first sample comes a while after the profile's start.
    timeDeltas: [1_000, ...calls.map(([, , us]) => us)],
  };
}

describe('the places of a profile', () => {
  test.each([
    ['file:///project/node_modules/@grpc/grpc-js/build/src/server.js', '@grpc/grpc-js'],
    ['file:///project/services/ledger/node_modules/pg/lib/client.js', 'pg'],
    ['/project/node_modules/pino/lib/tools.js', 'pino'],
    ['file:///project/services/ledger/src/storage/bulk.ts', 'services/ledger/src/storage'],
    ['file:///elsewhere/services/ledger/src/main.ts', '/elsewhere/services/ledger/src'],
    ['node:internal/http2/core', 'node:internal/http2/core'],
  ])('%s belongs to %s', (url, place) => {
    expect(profileShares([profile([url, 'work', 5])], root)).toEqual([{ place, share: 1 }]);
  });

  test('are ordered by their time, that of all profiles together', () => {
    const first = profile(['', '(garbage collector)', 10], ['', 'writev', 30]);
    const second = profile(['', '(garbage collector)', 60]);
    expect(profileShares([first, second], root)).toEqual([
      { place: '(garbage collector)', share: 0.7 },
      { place: 'native writev', share: 0.3 },
    ]);
  });

  test('do not include idleness', () => {
    const idle = profile(['', '(idle)', 900], ['', 'writev', 100]);
    expect(profileShares([idle], root)).toEqual([{ place: 'native writev', share: 1 }]);
  });
});
