import { readFileSync, writeFileSync } from 'node:fs';

/** Seeds that were chosen to cover, and what they cover. */
export interface Coverage {
  readonly seeds: readonly number[];
  /** All outcomes that are known of random commands, in the words of outcomesOf. */
  readonly outcomes: readonly string[];
}

const file = new URL('coverage.json', import.meta.url);

export function readCoverage(): Coverage {
  return JSON.parse(readFileSync(file, 'utf8')) as Coverage;
}

export function writeCoverage({ seeds, outcomes }: Coverage): void {
  const lines = outcomes.map((outcome) => `    ${JSON.stringify(outcome)}`);
  const text = `{
  "seeds": [${seeds.join(', ')}],
  "outcomes": [
${lines.join(',\n')}
  ]
}
`;
  writeFileSync(file, text);
}
