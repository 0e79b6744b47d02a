import { readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { parse } from '@swc/core';
import { root } from './commands.ts';
import { sourceFiles } from './source-files.ts';

/** One import, export-from or import() of a source file. Paths are from the project's top. */
export interface SourceImport {
  readonly file: string;
  /** A path, an npm package's name, or one of Node's own modules as `node:…`. */
  readonly target: string;
}

/** All imports of the TypeScript files that git tracks or would add, except generated ones. */
export async function sourceImports(): Promise<SourceImport[]> {
  // Examples have the packages of a project elsewhere, in which a test compiles them.
  const files = (await sourceFiles()).filter((file) => !file.startsWith('examples/'));
  const imports = await Promise.all(files.map(importsOf));
  return imports.flat();
}

async function importsOf(file: string): Promise<SourceImport[]> {
  const text = await readFile(join(root, file), 'utf8').catch(() => '');
  const module = await parse(text, { syntax: 'typescript', target: 'es2024' });
  const specifiers: string[] = [];
  JSON.stringify(module.body, (_key, node) => {
    if (node?.type === 'CallExpression' && node.callee.type === 'Import') {
      const [argument] = node.arguments;
      if (argument?.expression.type === 'StringLiteral') specifiers.push(argument.expression.value);
    }
    // Of imports, and of exports from elsewhere.
    if (node?.source?.type === 'StringLiteral') specifiers.push(node.source.value);
    return node;
  });
  return specifiers.map((specifier) => ({ file, target: resolve(file, specifier) }));
}

/** Of the workspaces whose names aren't their folders. */
const folders = new Map([
  ['programs', 'services/programs'],
  ['ledger', 'services/ledger'],
  ['webhooks', 'services/webhooks'],
  ['client', 'clients/typescript'],
]);

function resolve(file: string, specifier: string): string {
  if (specifier.startsWith('.')) return normalize(join(dirname(file), specifier));
  if (specifier.startsWith('node:')) return specifier;
  const [first = '', second = '', ...rest] = specifier.split('/');
  if (first === '@loyalty') {
    const folder = folders.get(second) ?? second;
    return [folder, second === 'proto' ? 'gen' : 'src', ...rest].join('/');
  }
  return first.startsWith('@') ? `${first}/${second}` : first;
}
