import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The options of Node itself that a service's image sets, which it runs with everywhere.
 *
 * @param root the top of the project whose image it is
 * @returns nothing for a service whose image sets none
 */
export function nodeOptionsOfImage(root: string, service: string): string[] {
  const stages = readFileSync(join(root, 'deploy/Dockerfile'), 'utf8').split(/^(?=FROM )/m);
  const stage = stages.find((each) => each.startsWith(`FROM runtime AS ${service}\n`));
  if (stage === undefined) throw new Error(`deploy/Dockerfile has no image called ${service}`);
  const [, options] = /^ENV NODE_OPTIONS=(\S+)$/m.exec(stage) ?? [];
  return options === undefined ? [] : [options];
}
