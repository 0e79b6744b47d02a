import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { nodeOptions, withNodeOptions } from './node-options.ts';
import { root } from './settings.ts';

test('the images run Node with the same options', () => {
  const dockerfile = readFileSync(join(root, 'deploy/Dockerfile'), 'utf8');
  expect(/^ENV NODE_OPTIONS=(.*)$/m.exec(dockerfile)?.[1]).toBe(nodeOptions);
});

test('options that an environment has are kept', () => {
  expect(withNodeOptions({ A: 'b' })).toEqual({ A: 'b', NODE_OPTIONS: nodeOptions });
  expect(withNodeOptions({ NODE_OPTIONS: '--title=a' })['NODE_OPTIONS']).toBe(
    `--title=a ${nodeOptions}`,
  );
});
