import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { eventually } from '@loyalty/local/test-patience.ts';
import type { LeasedEndpoint } from '../app/delivery-store.ts';
import type { Delivery } from '../domain/delivery.ts';
import { createDeliveryWorkers } from './delivery-workers.ts';

const endpoint: LeasedEndpoint = {
  webhookId: 'w-1',
  programId: 'p-1',
  url: 'https://shop.example/',
  secrets: { current: '', previous: undefined },
  health: {
    failingSince: undefined,
    unreachableCount: 0,
    pausedUntil: undefined,
    disable: undefined,
  },
  revision: 1,
  resumeCount: 0,
  lease: 'l-1',
};

/** Workers of one endpoint, whose requests end when the test says so. */
function startWorkers() {
  const stopping = new AbortController();
  const pending = new Map<string, Delivery>();
  const requests = new Map<string, () => void>();
  let leases: LeasedEndpoint[] = [];
  let isLeased = false;
  let count = 0;
  const workers = createDeliveryWorkers({
    deliveries: {
      async lease() {
        const leased = leases.splice(0);
        isLeased ||= leased.length > 0;
        return leased;
      },
      renew: async () => undefined,
      due: async () => ({ deliveries: [...pending.values()], endpoint }),
      async noteAttempt({ delivery }) {
        pending.delete(delivery.eventId);
        return endpoint;
      },
      async release() {
        isLeased = false;
      },
    },
    attempt: ({ eventId }) =>
      new Promise((resolve) => {
        requests.set(eventId, () =>
          resolve({
            attempt: { time: 0, status: 204, durationMs: 1, error: '' },
            outcome: { kind: 'DELIVERED' },
          }),
        );
      }),
    endpointsMax: 10,
    onAttempt: () => undefined,
    clock: Date.now,
    random: Math.random,
    logger: { warn: () => undefined },
    signal: stopping.signal,
  });
  const running = workers.run();
  return {
    add(...ids: string[]) {
      for (const id of ids) {
        count += 1;
        pending.set(id, { deliveryId: BigInt(count), eventId: id } as Delivery);
      }
      if (!isLeased) leases = [endpoint];
      workers.wake();
    },
    underWay: () => [...requests.keys()],
    end(id: string) {
      requests.get(id)?.();
      requests.delete(id);
    },
    async stop() {
      stopping.abort();
      for (const end of requests.values()) end();
      await running;
    },
  };
}

let workers: ReturnType<typeof startWorkers>;
beforeEach(() => {
  workers = startWorkers();
});
afterEach(() => workers.stop());

test('a request that hangs holds up nothing that is added for its endpoint meanwhile', async () => {
  workers.add('hangs');
  await eventually(() => expect(workers.underWay()).toEqual(['hangs']));
  workers.add('later');
  await eventually(() => expect(workers.underWay()).toEqual(['hangs', 'later']));
  workers.end('later');
  workers.add('last');
  await eventually(() => expect(workers.underWay()).toEqual(['hangs', 'last']));
});
