// npm run generate: writes proto/gen and docs/errors.md from the contracts, and docs/configuration.md from
// the schemas of settings. Only files whose content differs are touched, and nothing is when a contract has an error.
import { styleText } from 'node:util';
import { Finding } from './commands.ts';
import { errorDocs, isErrorDocsStale, writeErrorDocs } from './error-docs.ts';
import { generatedCode, staleFiles, writeGenerated } from './generated-code.ts';

try {
  const files = await generatedCode();
  const page = await errorDocs();
  const stale = await staleFiles(files);
  await writeGenerated(files);
  const isPageStale = await isErrorDocsStale(page);
  if (isPageStale) await writeErrorDocs(page);
  // The schemas are in modules that import the generated code, which is new only now.
  const { configurationDocs, isConfigurationDocsStale, writeConfigurationDocs } = await import(
    './configuration-docs.ts'
  );
  const settings = configurationDocs();
  const areSettingsStale = await isConfigurationDocsStale(settings);
  if (areSettingsStale) await writeConfigurationDocs(settings);
  const changed = stale.length + [isPageStale, areSettingsStale].filter(Boolean).length;
  console.log(`${files.size + 2} generated files, ${changed} changed.`);
} catch (error) {
  if (!(error instanceof Finding)) throw error;
  console.error(error.message);
  console.error(styleText('red', 'Nothing was generated: correct the contracts named above.'));
  process.exitCode = 1;
}
