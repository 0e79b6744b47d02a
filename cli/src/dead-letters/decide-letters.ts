import { isReasoned } from '@loyalty/platform/errors.ts';
import {
  type DeadLetter,
  DeadLetter_State,
} from '@loyalty/proto/loyalty/ledger/v1/dead_letter_pb.ts';
import { printable } from '../printable.ts';
import type { Progress } from '../progress.ts';
import { forEachAtOnce } from '../service-calls/at-once.ts';
import { createRetries, withRetries } from '../service-calls/retries.ts';
import type { DeadLettersApi } from './dead-letters-api.ts';
import { reasonName, stateName } from './letter-text.ts';

/** What is to be done with each of some dead letters. */
export interface Deciding {
  readonly api: DeadLettersApi;
  readonly verb: 'replay' | 'discard';
  readonly why: string;
  readonly progress: Progress;
}

export interface DecisionCounts {
  readonly done: number;
  /** Each is named in a notice, with the reason. */
  readonly failed: number;
}

/** Few, because each replay is a commit of its own. */
const atOnce = 8;

/** What is wrong with one dead letter alone. */
const ownReasons: ReadonlySet<string> = new Set(['DEAD_LETTER_NOT_FOUND', 'ILLEGAL_TRANSITION']);

/**
 * Replays or discards dead letters, several at the same time, in their order, and repeats what may succeed later. Replaying
 * or discarding again has no effect.
 *
 * @throws what the ledger refuses whichever dead letter it is
 */
export async function decideLetters(
  deadLetterIds: readonly string[],
  { api, verb, why, progress }: Deciding,
): Promise<DecisionCounts> {
  const what = verb === 'replay' ? 'Replaying' : 'Discarding';
  const wanted = verb === 'replay' ? DeadLetter_State.REPLAYED : DeadLetter_State.DISCARDED;
  const retries = createRetries({ notice: (text) => progress.notice(printable(text)) });
  const stretch = progress.start(what, deadLetterIds.length);
  let [done, failed] = [0, 0];
  try {
    await forEachAtOnce(atOnce, deadLetterIds, async (deadLetterId) => {
      const problem = await problemOf(() =>
        withRetries(retries, () => api[verb](deadLetterId, why)),
      );
      if (problem === undefined) done += 1;
      else {
        failed += 1;
        progress.notice(printable(`${deadLetterId}: ${problem}`));
      }
      stretch.to(done + failed);
    });
  } finally {
    stretch.end();
  }
  return { done, failed };

  async function problemOf(decide: () => Promise<DeadLetter>): Promise<string | undefined> {
    try {
      const letter = await decide();
      return letter.state === wanted
        ? undefined
        : `still ${stateName(letter)}: ${reasonName(letter)}: ${letter.detail}`;
    } catch (error) {
      if (!isReasoned(error) || !ownReasons.has(error.reason)) throw error;
      return `${error.reason}: ${error.message}`;
    }
  }
}
