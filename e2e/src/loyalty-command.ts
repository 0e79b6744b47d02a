import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Platform } from '@loyalty/local/running-platform.ts';
import { root } from '@loyalty/local/settings.ts';

export interface CommandResult {
  /** Null when it was killed. */
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

type Env = Readonly<Record<string, string>>;

/** Runs the `loyalty` command against a platform. */
export function loyalty(
  { env }: Pick<Platform, 'env'>,
  args: readonly string[],
): Promise<CommandResult> {
  return resultOf(start(join(root, 'cli/bin/loyalty.cjs'), { args, env }));
}

/** A `loyalty` command that can be killed while it works. */
export interface RunningCommand {
  readonly result: Promise<CommandResult>;
  kill(): void;
}

/** Starts the command itself, without the launcher before it, which a kill would hit in its place. */
export function startLoyalty(
  { env }: Pick<Platform, 'env'>,
  args: readonly string[],
): RunningCommand {
  const child = start(join(root, 'cli/src/main.ts'), { args, env });
  return { result: resultOf(child), kill: () => child.kill('SIGKILL') };
}

function start(main: string, { args, env }: { args: readonly string[]; env: Env }) {
  return spawn(process.execPath, [main, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function resultOf(
  child: ChildProcessByStdio<null, Readable, Readable>,
): Promise<CommandResult> {
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { exitCode, stdout, stderr };
}
