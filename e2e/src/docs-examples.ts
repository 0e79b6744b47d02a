// What the pages of docs/integrate/ show, as files and commands that a test can run.
import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '@loyalty/local/settings.ts';

export interface CodeBlock {
  readonly language: string;
  readonly text: string;
  /** The file that the line before the block names, such as "`earn.py`:". */
  readonly file: string | undefined;
}

/** The code blocks of a page, in its order. */
export function codeBlocks(page: string): CodeBlock[] {
  const text = readFileSync(join(root, page), 'utf8');
  const blocks = text.matchAll(
    /(?:^`(?<file>[\w.-]+)`:\n\n)?^```(?<language>\w+)\n(?<text>.*?)^```$/gms,
  );
  return Array.from(blocks, ({ groups = {} }) => ({
    language: groups['language'] ?? '',
    text: groups['text'] ?? '',
    file: groups['file'],
  }));
}

/** Writes the blocks that name a file. */
export async function writeFiles(blocks: readonly CodeBlock[], directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const { file, text } of blocks) {
    if (file !== undefined) await writeFile(join(directory, file), text);
  }
}

/**
 * Runs commands in a shell, and returns what they print on standard output.
 *
 * @throws {Error} with what they print on standard error, if one of them fails
 */
export function runShell(
  commands: string,
  { cwd, env }: { cwd: string; env: Readonly<Record<string, string | undefined>> },
): Promise<string> {
  const options = { cwd, env: { ...process.env, ...env } };
  return new Promise((resolve, reject) => {
    execFile('sh', ['-e', '-c', commands], options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${commands}\n${stdout}\n${stderr}`));
    });
  });
}

/** Whether that command runs without a failure on this machine. */
export function isInstalled(program: string, ...args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
