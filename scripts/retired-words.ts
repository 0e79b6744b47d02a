import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './commands.ts';
import { identifiersOf } from './identifiers.ts';
import { sourceFiles } from './source-files.ts';

export const retiredWordsFile = 'scripts/retired-words.txt';

/** An identifier that is no longer used in some files, and what is used instead. */
export interface RetiredWord {
  readonly word: string;
  /** Of paths from the project's top. */
  readonly files: RegExp;
  readonly instead: string;
}

/** @throws {Error} for a line that isn't a word, a pattern of paths, and what to use instead */
export function readRetiredWords(text: string): RetiredWord[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return lines.map((line) => {
    const [, word, files, instead] = /^(\w+)\s+(\S+)\s+(.+)$/.exec(line) ?? [];
    if (word === undefined || files === undefined || instead === undefined) {
      throw new Error(`${retiredWordsFile} has a line that is none: ${line}`);
    }
    return { word, files: new RegExp(`^(${files})$`), instead };
  });
}

/** A line for each retired word that the file uses. */
export async function retiredWordsIn(
  { file, text }: { file: string; text: string },
  retired: readonly RetiredWord[],
): Promise<string[]> {
  const here = retired.filter(({ files }) => files.test(file));
  if (here.length === 0) return [];
  const names = await identifiersOf(text);
  return here
    .filter(({ word }) => names.has(word))
    .map(({ word, instead }) => `${file}: ${word} is now ${instead}`);
}

/** The same for all source files. */
export async function retiredWordsInUse(): Promise<string[]> {
  const retired = readRetiredWords(readFileSync(join(root, retiredWordsFile), 'utf8'));
  const found = (await sourceFiles()).map(async (file) => {
    const text = await readFile(join(root, file), 'utf8').catch(() => '');
    return retiredWordsIn({ file, text }, retired);
  });
  return (await Promise.all(found)).flat();
}
