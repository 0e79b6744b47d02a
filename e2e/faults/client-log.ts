// The clients' own record of what they asked for in a trial, and with which outcome. The ledger is compared with it.

/**
 * `unknown` from the call until a response, and after an error that leaves it open. `failed` only if the operation certainly
 * had no effect.
 */
export type Outcome = 'unknown' | 'ok' | 'failed';

/** `refused`: rejected before it was looked at, which leaves the outcome of earlier attempts open. */
export type Verdict = Outcome | 'refused';

/** An operation that is safe to repeat, because it carries its own key. */
export interface Operation {
  readonly kind: 'earn' | 'redeem' | 'refund';
  /** The purchase's or refund's id, or the idempotency key. */
  readonly key: string;
  outcome: Outcome;
  /** Repeats the request with the same key. Always resolves, and stores the outcome here. */
  attempt(): Promise<void>;
}

/** What the ledger's tables hold, by kind and key: how often each operation took effect. */
export type Effects = Readonly<Record<Operation['kind'], ReadonlyMap<string, number>>>;

export interface Comparison {
  /** Acknowledged and not in the ledger. */
  readonly lost: readonly string[];
  /** In the ledger more than once. */
  readonly doubled: readonly string[];
  /** In the ledger, and refused or never asked for. */
  readonly unasked: readonly string[];
}

export interface ClientLog {
  /** How many operations there were. */
  readonly size: number;
  /** How many operations once had an unknown outcome after their first attempt. */
  readonly unknownEver: number;
  /** Records an operation and makes its first attempt, whose outcome it returns. */
  run(
    operation: Omit<Operation, 'outcome' | 'attempt'>,
    send: () => Promise<Verdict>,
  ): Promise<Outcome>;
  unknown(): Operation[];
  compare(effects: Effects): Comparison;
}

export function createClientLog(): ClientLog {
  const operations: Operation[] = [];
  let unknownEver = 0;
  const nameOf = ({ kind, key }: Pick<Operation, 'kind' | 'key'>) => `${kind} ${key}`;

  return {
    get size() {
      return operations.length;
    },
    get unknownEver() {
      return unknownEver;
    },
    async run(what, send) {
      let isFirst = true;
      const operation: Operation = {
        ...what,
        outcome: 'unknown',
        async attempt() {
          const verdict = await send();
          if (verdict !== 'refused') operation.outcome = verdict;
          else if (isFirst) operation.outcome = 'failed';
          isFirst = false;
        },
      };
      operations.push(operation);
      await operation.attempt();
      if (operation.outcome === 'unknown') unknownEver += 1;
      return operation.outcome;
    },
    unknown: () => operations.filter(({ outcome }) => outcome === 'unknown'),
    compare(effects) {
      const mayHaveEffect = new Set(
        operations.filter(({ outcome }) => outcome !== 'failed').map(nameOf),
      );
      const times = ({ kind, key }: Operation) => effects[kind].get(key) ?? 0;
      const stored = Object.entries(effects).flatMap(([kind, keys]) =>
        [...keys].map(([key, count]) => ({ name: `${kind} ${key}`, count })),
      );
      return {
        lost: operations.filter((each) => each.outcome === 'ok' && times(each) === 0).map(nameOf),
        doubled: stored.filter(({ count }) => count > 1).map(({ name }) => name),
        unasked: stored.map(({ name }) => name).filter((name) => !mayHaveEffect.has(name)),
      };
    },
  };
}
