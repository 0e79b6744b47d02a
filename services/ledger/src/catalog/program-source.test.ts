import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { ProgramsUnavailable } from '../domain/errors.ts';
import { createProgramSource } from './program-source.ts';

test('a ledger that stops waits for no answer', async () => {
  const stopping = new AbortController();
  /** A Programs service that never answers. */
  const silent = async (_: object, { signal }: { signal?: AbortSignal | undefined }) => {
    await delay(60_000, undefined, { ...(signal !== undefined && { signal }), ref: false });
    throw new Error('nobody waits as long');
  };
  const source = createProgramSource({
    client: { getProgramSnapshot: silent, listProgramRevisions: silent },
    token: async () => 'token',
    signal: stopping.signal,
  });
  const answers = [
    source.snapshot({ programId: 'wine-dine', epoch: '', knownRevision: 0n }),
    source.revisions({ epoch: '', after: 0n }),
  ];
  stopping.abort();
  const [snapshot, revisions] = await Promise.allSettled(answers);
  expect(snapshot).toMatchObject({ reason: expect.any(ProgramsUnavailable) });
  expect(revisions).toMatchObject({ status: 'rejected' });
});
