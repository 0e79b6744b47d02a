// npm run generate: writes proto/gen, docs/errors.md, gateway/openapi.json and its Postman collection from the contracts. Only files whose content
// differs are touched, and nothing is when a contract has an error.
import { styleText } from 'node:util';
import { Finding } from './commands.ts';
import { errorDocs, isErrorDocsStale, writeErrorDocs } from './error-docs.ts';
import { generatedCode, staleFiles, writeGenerated } from './generated-code.ts';
import {
  isPostmanCollectionStale,
  postmanCollection,
  writePostmanCollection,
} from './postman-collection.ts';

try {
  const files = await generatedCode();
  const page = await errorDocs();
  const stale = await staleFiles(files);
  await writeGenerated(files);
  const isPageStale = await isErrorDocsStale(page);
  if (isPageStale) await writeErrorDocs(page);
  // It runs the generated code, which is new only now.
  const { isOpenApiStale, openApiDocument, writeOpenApi } = await import('./openapi/document.ts');
  const document = await openApiDocument();
  const isDocumentStale = await isOpenApiStale(document);
  if (isDocumentStale) await writeOpenApi(document);
  const collection = postmanCollection(document);
  const isCollectionStale = await isPostmanCollectionStale(collection);
  if (isCollectionStale) await writePostmanCollection(collection);
  const changed =
    stale.length + [isPageStale, isDocumentStale, isCollectionStale].filter(Boolean).length;
  console.log(`${files.size + 3} generated files, ${changed} changed.`);
} catch (error) {
  if (!(error instanceof Finding)) throw error;
  console.error(error.message);
  console.error(styleText('red', 'Nothing was generated: correct the contracts named above.'));
  process.exitCode = 1;
}
