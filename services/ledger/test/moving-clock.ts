import { startSetting } from './running-ledger.ts';

export const secondMs = 1_000;
export const dayMs = 24 * 60 * 60 * secondMs;

export type MovingSetting = Awaited<ReturnType<typeof startMovingSetting>>;

/** A setting whose ledgers have a clock that the test moves forward. */
export async function startMovingSetting() {
  let aheadMs = 0;
  const clock = () => Date.now() + aheadMs;
  const setting = await startSetting({ clock });
  return {
    ...setting,
    now: clock,
    letPass(ms: number) {
      aheadMs += ms;
    },
  };
}
