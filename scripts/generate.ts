// npm run generate: writes proto/gen from the contracts. Only files whose content differs are
// touched, and nothing is when a contract has an error.
import { styleText } from 'node:util';
import { Finding } from './commands.ts';
import { generatedCode, staleFiles, writeGenerated } from './generated-code.ts';

try {
  const files = await generatedCode();
  const stale = await staleFiles(files);
  await writeGenerated(files);
  console.log(`${files.size} generated files, ${stale.length} changed.`);
} catch (error) {
  if (!(error instanceof Finding)) throw error;
  console.error(error.message);
  console.error(styleText('red', 'Nothing was generated: correct the contracts named above.'));
  process.exitCode = 1;
}
