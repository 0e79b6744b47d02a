import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../commands.ts';

/** A request that was made, and its responses by status. */
export interface RecordedExample {
  readonly request: {
    readonly path?: Readonly<Record<string, string>>;
    readonly query?: Readonly<Record<string, unknown>>;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: unknown;
  };
  readonly responses: Readonly<Record<string, unknown>>;
}

/** By operationId. */
export type RecordedExamples = Readonly<Record<string, RecordedExample>>;

/** From the project's top. */
export const recordedExamplesFile = 'gateway/examples.json';

/** What was recorded of a running platform; empty while nothing is. */
export async function readRecordedExamples(): Promise<RecordedExamples> {
  const text = await readFile(join(root, recordedExamplesFile), 'utf8').catch(() => '{}');
  return JSON.parse(text) as RecordedExamples;
}
