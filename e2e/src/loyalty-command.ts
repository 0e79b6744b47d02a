import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from '@loyalty/local/settings.ts';
import type { RunningPlatform } from './running-platform.ts';

export interface CommandResult {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the `loyalty` command against a platform. `watch` sees what it tells while it works. */
export async function loyalty(
  platform: RunningPlatform,
  args: readonly string[],
  watch: (stderr: string) => void = () => undefined,
): Promise<CommandResult> {
  const child = spawn(process.execPath, [join(root, 'cli/bin/loyalty.cjs'), ...args], {
    env: { ...process.env, ...platform.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
    watch(stderr);
  });
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { exitCode, stdout, stderr };
}
