import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The environment that a service's image sets, such as options of Node, which the service runs with everywhere.
 *
 * @param root the top of the project whose image it is
 * @param own the environment of this process, whose options of Node come first
 */
export function environmentOfImage(
  root: string,
  service: string,
  own: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const stages = readFileSync(join(root, 'deploy/Dockerfile'), 'utf8').split(/^(?=FROM )/m);
  const stage = stages.find((each) => each.startsWith(`FROM runtime AS ${service}\n`));
  if (stage === undefined) throw new Error(`deploy/Dockerfile has no image called ${service}`);
  const lines = stage.matchAll(/^ENV (\w+)=(\S+)$/gm);
  const { NODE_OPTIONS: options, ...rest } = Object.fromEntries(
    Array.from(lines, ([, name, value]) => [name, value] as const),
  );
  const nodeOptions = [own['NODE_OPTIONS'], options].filter(Boolean).join(' ');
  return { ...rest, ...(nodeOptions !== '' && { NODE_OPTIONS: nodeOptions }) };
}
