import { startSetting } from './running-ledger.ts';

export const secondMs = 1_000;
export const dayMs = 24 * 60 * 60 * secondMs;

export type MovingSetting = Awaited<ReturnType<typeof startMovingSetting>>;

interface MovingOptions {
  /** Whether time passes only where the test lets it. */
  stopped?: boolean;
  programsNatsUrl?: string;
}

/** A setting whose services have a clock that the test moves forward. */
export async function startMovingSetting({ stopped = false, ...options }: MovingOptions = {}) {
  const startMs = Date.now();
  let aheadMs = 0;
  const now = () => (stopped ? startMs : Date.now()) + aheadMs;
  const setting = await startSetting({ ...options, clock: now });
  return Object.assign(setting, {
    now,
    letPass(ms: number) {
      aheadMs += ms;
    },
    /** Lets time pass until an instant. */
    letPassUntil(instantMs: number) {
      aheadMs += instantMs - now();
    },
  });
}
