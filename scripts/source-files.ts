import { run } from './commands.ts';

/** The TypeScript files that git tracks or would add, except generated ones, as paths from the project's top. */
export async function sourceFiles(): Promise<string[]> {
  const listed = await run('git', [
    'ls-files',
    '-co',
    '--exclude-standard',
    '--deduplicate',
    '*.ts',
  ]);
  return listed.split('\n').filter((file) => file !== '' && !file.startsWith('proto/gen/'));
}
