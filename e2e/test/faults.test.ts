// A part of npm run test:faults that is short enough for every run of the tests.
import { expect, test } from '@jest/globals';
import { patience } from '@loyalty/local/test-patience.ts';
import { beforeAck } from '../faults/rows/ledger.ts';
import { postgresImmediate } from '../faults/rows/postgres.ts';
import { runTrial } from '../faults/trial.ts';

const limitMs = patience(180_000);

test(
  'a ledger that is killed between COMMIT and ack loses and doubles nothing',
  async () => {
    const result = await runTrial(beforeAck, { times: 1, seed: 1 });
    expect(result).toMatchObject({ strikes: 1, lost: 0, doubled: 0, problems: [] });
    expect(result.counts['redelivered']).toBeGreaterThan(0);
  },
  limitMs,
);

test(
  'a ledger that forgot what it has posted would be caught doubling it',
  async () => {
    const { control } = beforeAck;
    const result = await runTrial(beforeAck, { times: 3, seed: 1, control });
    expect(result.doubled).toBeGreaterThan(0);
  },
  limitMs,
);

test(
  'a PostgreSQL that is stopped without warning has everything that was acknowledged',
  async () => {
    const result = await runTrial(postgresImmediate, { times: 1, seed: 1 });
    expect(result).toMatchObject({ strikes: 1, lost: 0, doubled: 0, problems: [] });
  },
  limitMs,
);
