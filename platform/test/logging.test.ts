import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';

const fixture = join(import.meta.dirname, 'logging-fixture.ts');

test.each(['ends', 'exits', 'crashes', 'is-killed-after-a-fatal-line'])(
  'every line is written, in order, by a process that %s at once',
  async (ending) => {
    const child = spawn(process.execPath, [fixture, ending], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    const lines = output.trimEnd().split('\n');
    const said = lines.map((line) => (JSON.parse(line) as { line?: number }).line);
    expect(said.slice(0, 1000)).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1));
  },
);
