import { join } from 'node:path';
import type { BenchMachine } from './machine/bench-machine.ts';
import type { Revision } from './machine/revision.ts';

/** What a row prepares itself with. */
export interface Bench {
  readonly machine: BenchMachine;
  readonly isQuick: boolean;
  /** Another revision to measure beside this one. */
  readonly revision: Revision | undefined;
  /** Where the CPU profile of a contestant's next window is to be written; undefined in a run without profiles. */
  profileFile(contestantId: string): string | undefined;
  /** What rows have in common, such as a yardstick: created by the first that asks for it. */
  shared<Value>(name: string, create: () => Promise<Value>): Promise<Value>;
}

/** The CPU profiles of a run: for each contestant, one file a window. */
export class Profiles {
  readonly #filePrefix: string;
  readonly #files = new Map<string, string[]>();

  /** @param run distinguishes its files from those of other runs in the directory */
  constructor({ directory, run }: { directory: string; run: string }) {
    this.#filePrefix = join(directory, run);
  }

  next(contestantId: string): string {
    const files = this.#files.get(contestantId) ?? [];
    this.#files.set(contestantId, files);
    const file = `${this.#filePrefix}-${contestantId}-${files.length + 1}.cpuprofile`;
    files.push(file);
    return file;
  }

  of(contestantId: string): readonly string[] {
    return this.#files.get(contestantId) ?? [];
  }
}

export function createBench(options: {
  machine: BenchMachine;
  isQuick: boolean;
  revision: Revision | undefined;
  profiles: Profiles | undefined;
}): Bench {
  const { machine, isQuick, revision, profiles } = options;
  const values = new Map<string, Promise<unknown>>();
  return {
    machine,
    isQuick,
    revision,
    profileFile: (contestantId) => profiles?.next(contestantId),
    shared<Value>(name: string, create: () => Promise<Value>) {
      const value = values.get(name) ?? create();
      values.set(name, value);
      return value as Promise<Value>;
    },
  };
}
