import assert from 'node:assert/strict';
import type { Pool } from 'pg';
import { type VerifyOptions, verifyLedger } from '../src/verify/verify-ledger.ts';

/** For the end of every test that writes to a ledger: whatever it did, the invariants hold. */
export async function expectHealthy(pool: Pool, options: VerifyOptions = {}): Promise<void> {
  assert.deepEqual(await verifyLedger(pool, options), []);
}
