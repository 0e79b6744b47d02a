import type { Logger } from '@loyalty/platform/logging.ts';
import { abortable, pause } from '@loyalty/platform/waiting.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import type { DeliveryStore, LeasedEndpoint } from '../app/delivery-store.ts';
import { type Attempt, type Delivery, nextStep, type Outcome } from '../domain/delivery.ts';
import { isAway } from '../domain/endpoint-health.ts';
import { createDueQueue } from './due-queue.ts';
import { createTurn } from './endpoint-turn.ts';

export interface DeliveryWorkersOptions {
  readonly deliveries: Pick<DeliveryStore, 'lease' | 'renew' | 'due' | 'noteAttempt' | 'release'>;
  readonly attempt: (
    delivery: Delivery,
    endpoint: LeasedEndpoint,
  ) => Promise<{ attempt: Attempt; outcome: Outcome }>;
  /** How many endpoints are served at once. */
  readonly endpointsMax: number;
  /** Called after each attempt. */
  readonly onAttempt: (attempt: Attempt, outcome: Outcome) => void;
  readonly clock: () => Instant;
  readonly random: () => number;
  readonly logger: Pick<Logger, 'warn'>;
  readonly signal: AbortSignal;
}

export interface DeliveryWorkers {
  /** Works until the signal aborts, and ends when the requests under way have ended. */
  run(): Promise<void>;
  /** Looks for deliveries at once. */
  wake(): void;
}

/** Requests to one endpoint at once; one at a time to an endpoint that is away. */
const requestsMax = 4;
/** How long a worker goes on with one endpoint while others wait for their turn, or what it has learned isn't stored. */
const turnMs = 10_000;
/** How long the endpoints of a process that was killed, or is frozen, wait for another one. */
const leaseMs = 10_000;
/** Two renewals may fail. */
const renewMs = 3_000;
/** How often it looks when nothing wakes it: for retries, and for what another replica has added. */
const idleMs = 500;

/**
 * Serves many endpoints at once, each of which a worker has to itself meanwhile. One that doesn't respond takes one place
 * until its requests time out; then it is left alone for a while that grows.
 */
export function createDeliveryWorkers(options: DeliveryWorkersOptions): DeliveryWorkers {
  const { deliveries, endpointsMax, clock, logger, signal } = options;
  const serving = new Map<LeasedEndpoint, Promise<void>>();
  // Those of one program can all hang, and would have every place.
  const perProgramMax = Math.max(1, Math.floor(endpointsMax / 4));
  let woken = Promise.withResolvers<void>();

  async function leaseSome(): Promise<boolean> {
    woken = Promise.withResolvers();
    const limit = endpointsMax - serving.size;
    if (limit <= 0) return false;
    const served = [...serving.keys()];
    const leased = await deliveries.lease({ limit, served, perProgramMax, now: clock(), leaseMs });
    for (const endpoint of leased) {
      const othersWait = () =>
        serving.size >= endpointsMax || servedOf(endpoint.programId) >= perProgramMax;
      const service = serve(endpoint, options, othersWait)
        .catch((error: unknown) => {
          const { webhookId } = endpoint;
          logger.warn({ err: error, webhookId }, 'an endpoint could not be served; its lease ends');
        })
        .then(() => {
          serving.delete(endpoint);
          woken.resolve();
        });
      serving.set(endpoint, service);
    }
    return leased.length > 0;
  }

  function servedOf(programId: string): number {
    return [...serving.keys()].filter((endpoint) => endpoint.programId === programId).length;
  }

  async function renew(): Promise<void> {
    if (serving.size === 0) return;
    await deliveries.renew([...serving.keys()], leaseMs).catch((error: unknown) => {
      logger.warn({ err: error }, 'leases of endpoints could not be renewed');
    });
  }

  return {
    wake: () => woken.resolve(),
    async run() {
      const renewing = setInterval(() => void renew(), renewMs);
      while (!signal.aborted) {
        const found = await leaseSome().catch((error: unknown) => {
          logger.warn({ err: error }, 'deliveries could not be leased');
          return false;
        });
        if (found) continue;
        const idle = new AbortController();
        const stop = AbortSignal.any([signal, idle.signal]);
        await abortable(Promise.race([woken.promise, pause(idleMs, stop)]), signal).catch(
          () => undefined,
        );
        idle.abort();
      }
      await Promise.all(serving.values());
      clearInterval(renewing);
    },
  };
}

/** Sends what is due to one endpoint, until nothing is, its turn is over, or nothing more can be sent to it. */
async function serve(
  leased: LeasedEndpoint,
  options: DeliveryWorkersOptions,
  othersWait: () => boolean,
): Promise<void> {
  const { deliveries, clock, signal } = options;
  const began = performance.now();
  const turn = createTurn(leased);
  const queue = createDueQueue({ endpoint: leased, deliveries, clock });
  const requests = new Set<Promise<void>>();
  const isLong = () => performance.now() - began > turnMs && (othersWait() || turn.hasLearned());
  const isOver = () => !turn.canGoOn() || signal.aborted || isLong();
  const hasRoom = () => requests.size < (isAway(turn.health) ? 1 : requestsMax);
  try {
    while (!isOver()) {
      if (hasRoom()) {
        if (queue.needsRefill()) {
          turn.refresh(await queue.refill());
          if (isOver()) break;
        }
        const delivery = queue.next();
        if (delivery !== undefined) {
          begin(delivery);
          continue;
        }
        if (requests.size === 0) break;
        // A request that hangs holds up nothing that is added meanwhile.
        await pauseDuring(requests, queue.freshForMs());
      } else {
        await Promise.race(requests);
      }
    }
    await Promise.all(requests);
  } finally {
    // Nobody else gets the endpoint while a request to it is under way.
    await Promise.allSettled(requests);
    await deliveries.release(turn.endpoint, turn.health, clock());
  }
  const { webhookId } = leased;
  const { disable: reason } = turn.health;
  if (reason !== undefined) options.logger.warn({ webhookId, reason }, 'a webhook was disabled');

  function begin(delivery: Delivery): void {
    const request = send(delivery).then(() => {
      queue.done(delivery);
      requests.delete(request);
    });
    requests.add(request);
    // One that fails stays among the requests, and ends the turn as soon as they are waited for.
    request.catch(() => undefined);
  }

  async function send(delivery: Delivery): Promise<void> {
    const { endpoint } = turn;
    const { attempt, outcome } = await options.attempt(delivery, endpoint);
    options.onAttempt(attempt, outcome);
    const now = clock();
    turn.noteOutcome(endpoint, outcome, now);
    const next = nextStep(outcome, {
      attemptCount: delivery.attemptCount + 1,
      now,
      random: options.random(),
    });
    turn.refresh(await deliveries.noteAttempt({ delivery, attempt, next }, leased));
  }
}

/** Waits until one of them has ended, or for so long. */
async function pauseDuring(requests: Iterable<Promise<void>>, ms: number): Promise<void> {
  const ended = new AbortController();
  try {
    await Promise.race([...requests, pause(ms, ended.signal)]);
  } finally {
    ended.abort();
  }
}
