// Failures for reasons that the option errors of a method lacks. They are defects, and the tests that cause one fail.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type UndeclaredReason,
  undeclaredReasonsChannel,
} from '@loyalty/platform/rpc/declared-reasons.ts';

/** Notes those of this process until `stop`, which returns what is wrong; undefined if nothing is. */
export function watchUndeclaredReasons(): { stop(): string | undefined } {
  const seen: UndeclaredReason[] = [];
  const listen = (message: unknown) => void seen.push(message as UndeclaredReason);
  subscribe(undeclaredReasonsChannel, listen);
  return {
    stop() {
      unsubscribe(undeclaredReasonsChannel, listen);
      return problemOf(seen);
    },
  };
}

/** Notes those of all processes that are started from now on. `stop` returns what is wrong; undefined if nothing is. */
export function watchUndeclaredReasonsOfProcesses(
  directory: string,
  env: NodeJS.ProcessEnv = process.env,
): { stop(): string | undefined } {
  const file = join(directory, 'undeclared-reasons.jsonl');
  const preload = join(import.meta.dirname, 'undeclared-reasons.cjs');
  env['LOYALTY_TEST_UNDECLARED_REASONS'] = file;
  env['NODE_OPTIONS'] = [env['NODE_OPTIONS'], `--require ${JSON.stringify(preload)}`]
    .join(' ')
    .trim();
  return {
    stop() {
      const lines = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
      return problemOf(lines.map((line) => JSON.parse(line) as UndeclaredReason));
    },
  };
}

function problemOf(seen: readonly UndeclaredReason[]): string | undefined {
  // Those of services that tests make up are the tests' own.
  const contracts = seen.filter(({ method }) => method.startsWith('loyalty.'));
  const lines = contracts.map(({ method, reason }) => `${method} failed with ${reason}`);
  if (lines.length === 0) return undefined;
  const fix =
    'The contract is wrong: add each reason to the option errors of its method, or let the method fail otherwise.';
  return [fix, ...[...new Set(lines)].sort()].join('\n');
}
