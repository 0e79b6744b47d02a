// What is generated beside proto/gen. Some of it is made by running the code there, so that has to be up to date first.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { clientErrors, clientErrorsFile } from './client-errors.ts';
import { root } from './commands.ts';
import { configurationDocs, configurationDocsFile } from './configuration-docs.ts';
import { errorDocs, errorDocsFile } from './error-docs.ts';
import { eventDocs, eventDocsFile } from './event-docs.ts';
import { openApiDocument, openApiFile } from './openapi/document.ts';
import { postmanCollection, postmanCollectionFile } from './postman-collection.ts';

interface GeneratedFile {
  /** From the project's top. */
  readonly path: string;
  readonly content: string;
}

/** The files as they should be now; throws a Finding of buf's messages when a contract has an error. */
export async function generatedFiles(): Promise<GeneratedFile[]> {
  const openApi = await openApiDocument();
  return [
    { path: errorDocsFile, content: await errorDocs() },
    { path: eventDocsFile, content: await eventDocs() },
    { path: configurationDocsFile, content: configurationDocs() },
    { path: openApiFile, content: openApi },
    { path: postmanCollectionFile, content: postmanCollection(openApi) },
    { path: clientErrorsFile, content: await clientErrors() },
  ];
}

/** Those that are missing or different in the tree. */
export async function differing(files: readonly GeneratedFile[]): Promise<GeneratedFile[]> {
  const present = await Promise.all(
    files.map(({ path }) => readFile(join(root, path), 'utf8').catch(() => undefined)),
  );
  return files.filter(({ content }, index) => content !== present[index]);
}

export async function writeFiles(files: readonly GeneratedFile[]): Promise<void> {
  for (const { path, content } of files) await writeFile(join(root, path), content);
}
