import { setFlagsFromString } from 'node:v8';

/**
 * Has V8 allocate all objects among the young, whose garbage costs next to nothing. By itself it allocates those of a place in
 * the code among the old once most of them were seen to survive, as those of calls in flight do. Then all that they refer to
 * outlives its call as well, until the old are collected: that took a sixth of the ledger's CPU time (docs/performance.md).
 */
export function allocateAmongTheYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}
