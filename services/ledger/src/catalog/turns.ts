/** Runs work, so much of it at the same time and no more; what is beyond waits for its turn. */
export function createTurns(max: number): <Result>(work: () => Promise<Result>) => Promise<Result> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= max) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      // The turn is passed on, so that nobody who comes in between takes it.
      else next();
    }
  };
}
