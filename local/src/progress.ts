/** Prints to standard error, every few seconds, that long work is still going on. */
export async function withProgress<T>(what: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const announce = () => {
    console.error(`${what} … ${Math.round((performance.now() - start) / 1000)} s`);
  };
  const timer = setInterval(announce, 2000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
