import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root, run } from './commands.ts';
import { type ComposeFile, composeProblems } from './compose-problems.ts';
import { type KubernetesObject, kubernetesProblems } from './kubernetes-problems.ts';
import { kubernetesObjects, yamlValue } from './yaml.ts';

const kubernetes = 'deploy/kubernetes';
const composeFile = 'deploy/compose.yaml';

/** Renders every base and overlay, and returns a line for each problem of an overlay or of compose. */
export async function deploymentProblems(): Promise<string[]> {
  for (const base of readdirSync(join(root, kubernetes, 'base'))) {
    await render(join(kubernetes, 'base', base));
  }
  const localSecrets = await run('sh', [inOverlay('local', 'secrets.sh')]);
  return [
    ...(await overlayProblems('local', localSecrets)),
    ...(await overlayProblems('local-tls', localSecrets)),
    ...(await overlayProblems(
      'production',
      await text(inOverlay('production', 'secrets.example.yaml')),
    )),
    ...composeProblems(await compose()).map((problem) => `${composeFile}: ${problem}`),
  ];
}

async function overlayProblems(overlay: string, secrets: string): Promise<string[]> {
  const folder = join(kubernetes, 'overlays', overlay);
  const objects = await kubernetesObjects<KubernetesObject>(
    `${await render(folder)}\n---\n${secrets}`,
  );
  return kubernetesProblems(objects).map((problem) => `${folder}: ${problem}`);
}

async function compose(): Promise<ComposeFile> {
  // What comes from the environment is a password each time.
  const password = `k${randomBytes(24).toString('hex')}`;
  const filled = (await text(composeFile)).replaceAll(/\$\{[^}]*\}/g, password);
  return yamlValue(filled);
}

function inOverlay(overlay: string, file: string): string {
  return join(kubernetes, 'overlays', overlay, file);
}

function render(folder: string): Promise<string> {
  return run('kubectl', ['kustomize', folder]);
}

function text(file: string): Promise<string> {
  return readFile(join(root, file), 'utf8');
}
