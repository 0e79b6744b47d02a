import type { App } from './app.ts';

/**
 * Writes what is due for members without other activity: maturity, the end of holds, expiry. Returns how
 * many memberships that was, at most `limit` and fewer where they have many holds; 0 means that none is due. Two replicas
 * may pick the same ones: the second finds nothing left to write.
 *
 * @throws what {@link App.queue} throws
 */
export async function bringDueUpToDate(app: App, limit: number): Promise<number> {
  const due = await app.reader.due({ now: app.clock(), limit });
  await Promise.all(
    due.map((membershipId) =>
      app.queue.submit({
        needs: { membershipId },
        decide: (locked) => locked.bringUpToDateById(membershipId),
      }),
    ),
  );
  return due.length;
}
