/**
 * Work for each key that is shared by all who ask before it starts, and by nobody who asks later: its result is never
 * older than the question. One run is under way at a time, and at most one more waits.
 */
export function sharedBeforeStart<Result>(
  work: (key: string) => Promise<Result>,
): (key: string) => Promise<Result> {
  const running = new Map<string, Promise<unknown>>();
  const waiting = new Map<string, Promise<Result>>();

  function start(key: string): Promise<Result> {
    waiting.delete(key);
    const result = work(key);
    const ended = result.then(
      () => running.delete(key),
      () => running.delete(key),
    );
    running.set(key, ended);
    return result;
  }

  return (key) => {
    const before = running.get(key);
    if (before === undefined) return start(key);
    let next = waiting.get(key);
    if (next === undefined) {
      next = before.then(() => start(key));
      waiting.set(key, next);
    }
    return next;
  };
}
