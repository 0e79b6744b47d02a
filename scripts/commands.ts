import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The project's top folder. */
export const root = join(import.meta.dirname, '..');

/** Thrown for what the author of a change has to fix; the message is the whole report. */
export class Finding extends Error {
  override readonly name = 'Finding';
}

/**
 * Runs a program of node_modules/.bin or of the PATH at the project's top.
 * Returns what it printed on standard output; throws a Finding of all that it printed when it fails.
 */
export async function run(
  program: string,
  args: readonly string[],
  options: { cwd?: string } = {},
): Promise<string> {
  const path = [join(root, 'node_modules/.bin'), process.env['PATH']].join(delimiter);
  const child = spawn(program, args, {
    cwd: options.cwd ?? root,
    env: { ...process.env, PATH: path, NO_COLOR: process.stdout.isTTY ? undefined : '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stdout: Buffer[] = [];
  const printed: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout.push(chunk);
    printed.push(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => printed.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) {
    const text = Buffer.concat(printed).toString().trim();
    throw new Finding(text || `${program} ended with exit code ${code}.`);
  }
  return Buffer.concat(stdout).toString();
}

/** Whether there is a program of that name on the PATH. */
export function isCommand(program: string): boolean {
  const directories = (process.env['PATH'] ?? '').split(delimiter);
  return directories.some((directory) => existsSync(join(directory, program)));
}
