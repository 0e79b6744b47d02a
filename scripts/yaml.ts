import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './commands.ts';

/** The Kubernetes objects of a YAML text. kubectl reads it, since it has to be there for kustomize anyway. */
export async function kubernetesObjects<Kind>(yaml: string): Promise<Kind[]> {
  const folder = await mkdtemp(join(tmpdir(), 'yaml-'));
  try {
    const file = join(folder, 'objects.yaml');
    await writeFile(file, yaml);
    // Removes an annotation that doesn't exist, without a cluster: this is the command that prints JSON offline.
    const output = ['--output', 'jsonpath={@}{"\\n"}'];
    const lines = await run('kubectl', [
      'annotate',
      '--local',
      '--filename',
      file,
      ...output,
      'none-',
    ]);
    return lines
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Any other YAML text, which is handed over within an object. */
export async function yamlValue<Value>(yaml: string): Promise<Value> {
  const indented = yaml.replaceAll(/^/gm, '  ');
  const header = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: wrapped}\n';
  const [object] = await kubernetesObjects<{ wrapped: Value }>(`${header}wrapped:\n${indented}`);
  if (object === undefined) throw new Error('kubectl printed nothing');
  return object.wrapped;
}
