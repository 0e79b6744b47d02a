// npm run generate: writes proto/gen and all other generated files from the contracts and the schemas of settings. Only files
// whose content differs are touched, and nothing is when a contract has an error.
import { styleText } from 'node:util';
import { Finding } from './commands.ts';
import { generatedCode, staleFiles, writeGenerated } from './generated-code.ts';

try {
  const code = await generatedCode();
  const staleCode = await staleFiles(code);
  await writeGenerated(code);
  // It runs the generated code, which is new only now.
  const { differing, generatedFiles, writeFiles } = await import('./generated-files.ts');
  const files = await generatedFiles();
  const stale = await differing(files);
  await writeFiles(stale);
  const changed = staleCode.length + stale.length;
  console.log(`${code.size + files.length} generated files, ${changed} changed.`);
} catch (error) {
  if (!(error instanceof Finding)) throw error;
  console.error(error.message);
  console.error(styleText('red', 'Nothing was generated: correct the contracts named above.'));
  process.exitCode = 1;
}
