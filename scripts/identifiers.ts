import { parse } from '@swc/core';

/** All names that a TypeScript file declares or uses: of variables, types, functions and properties. */
export async function identifiersOf(text: string): Promise<ReadonlySet<string>> {
  const module = await parse(text, { syntax: 'typescript', target: 'es2024' });
  const names = new Set<string>();
  JSON.stringify(module.body, (_key, node) => {
    if (node?.type === 'Identifier') names.add(node.value);
    return node;
  });
  return names;
}
