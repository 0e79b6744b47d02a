// npm run generate: writes proto/gen, docs/errors.md and the client's error classes from the contracts. Only files whose content
// differs are touched, and nothing is when a contract has an error.
import { styleText } from 'node:util';
import { clientErrors, isClientErrorsStale, writeClientErrors } from './client-errors.ts';
import { Finding } from './commands.ts';
import { errorDocs, isErrorDocsStale, writeErrorDocs } from './error-docs.ts';
import { generatedCode, staleFiles, writeGenerated } from './generated-code.ts';

try {
  const files = await generatedCode();
  const page = await errorDocs();
  const classes = await clientErrors();
  const stale = await staleFiles(files);
  await writeGenerated(files);
  const isPageStale = await isErrorDocsStale(page);
  if (isPageStale) await writeErrorDocs(page);
  const areClassesStale = await isClientErrorsStale(classes);
  if (areClassesStale) await writeClientErrors(classes);
  const changed = stale.length + (isPageStale ? 1 : 0) + (areClassesStale ? 1 : 0);
  console.log(`${files.size + 2} generated files, ${changed} changed.`);
} catch (error) {
  if (!(error instanceof Finding)) throw error;
  console.error(error.message);
  console.error(styleText('red', 'Nothing was generated: correct the contracts named above.'));
  process.exitCode = 1;
}
