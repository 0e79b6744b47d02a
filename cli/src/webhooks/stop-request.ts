/**
 * Resolves when the command is to end: at a signal, when its launcher has ended, or when nobody reads its output any more.
 * The same signal may come twice, from the terminal and from the launcher; it isn't to end the command half-way.
 */
export function stopRequest(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => resolve());
  process.once('disconnect', resolve);
  // The listener would keep a command alive that has failed.
  process.channel?.unref();
  process.stdout.on('error', () => resolve());
  // A terminal that was closed takes no more lines.
  process.stderr.on('error', () => undefined);
  return promise;
}
