import { expect, test } from '@jest/globals';
import { versionProblem } from './server-version.ts';

test.each(['2.10.0', '2.10.0-beta.3', '2.12.1', '3.0.0', 'v2.11.4', 'unknown'])(
  'nothing is said about nats-server %s',
  (version) => {
    expect(versionProblem(version)).toBeUndefined();
  },
);

test.each(['2.9.10', '2.9.25', '1.4.1', 'v2.9.0'])(
  'nats-server %s is named, with what it does and the fix',
  (version) => {
    expect(versionProblem(version)).toMatch(
      /^nats-server v?\d.* is older than 2\.10: after it is killed, .* work queue.*; upgrade it$/,
    );
  },
);
