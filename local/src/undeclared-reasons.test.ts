import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { watchUndeclaredReasonsOfProcesses } from './undeclared-reasons.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'undeclared-reasons-'));
});
afterAll(() => rm(directory, { recursive: true }));

/** Lets GetBalance fail in another process, which watches as a test file does, and prints what that learns. */
async function failElsewhere(reason: string, env: NodeJS.ProcessEnv): Promise<string> {
  const script = `
    import { watchUndeclaredReasons } from '@loyalty/local/undeclared-reasons.ts';
    import { reasonCheckOf } from '@loyalty/platform/rpc/declared-reasons.ts';
    import { LedgerService } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
    const watch = watchUndeclaredReasons();
    reasonCheckOf(LedgerService.method.getBalance)('${reason}', { log: { error() {} } });
    console.log(watch.stop());`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', script],
    { cwd: import.meta.dirname, env },
  );
  return stdout.trim();
}

test('a reason that the contract lacks is noted by the test file and by the run', async () => {
  const env = { ...process.env };
  const watch = watchUndeclaredReasonsOfProcesses(directory, env);
  expect(await failElsewhere('MEMBERSHIP_NOT_FOUND', env)).toBe('undefined');
  expect(watch.stop()).toBeUndefined();

  const problem = await failElsewhere('OUT_OF_STOCK', env);
  expect(problem).toContain('loyalty.ledger.v1.LedgerService/GetBalance failed with OUT_OF_STOCK');
  expect(watch.stop()).toBe(problem);
});
