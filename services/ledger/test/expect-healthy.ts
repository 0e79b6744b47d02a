import assert from 'node:assert/strict';
import type { Pool } from 'pg';
import type { Difference } from '../src/replay/history.ts';
import { replayLedger } from '../src/replay/replay-ledger.ts';
import { type FindProgram, storedPrograms } from '../src/replay/stored-programs.ts';
import { type VerifyOptions, verifyLedger } from '../src/verify/verify-ledger.ts';

/**
 * For the end of every test that writes to a ledger: whatever it did, the invariants hold, and every earn and refund can be
 * derived again.
 */
export async function expectHealthy(
  pool: Pool,
  {
    findProgram = storedPrograms(),
    derived = true,
    ...options
  }: VerifyOptions & { findProgram?: FindProgram; derived?: boolean } = {},
): Promise<void> {
  assert.deepEqual(await verifyLedger(pool, options), []);
  if (!derived) return;
  const differences: Difference[] = [];
  await replayLedger(pool, { findProgram, onDifference: (each) => differences.push(each) });
  assert.deepEqual(differences, []);
}
