/**
 * Asks the database together what callers ask within one turn of the event loop, in which all requests arrive that were read
 * from a socket at once. A statement for each question cost the service half of its time, and PostgreSQL six times as much.
 * A question that comes alone waits for nothing else than the rest of its turn.
 *
 * Questions are asked after they came, so each sees what was committed before. What `read` throws, all get that were asked
 * with it; an answer may come later than the others, or fail alone, as a promise.
 *
 * @param read returns the answer to each question at its position
 * @param maxBatch the maximum number of questions asked together
 */
export function gatherReads<Question, Answer>(
  read: (questions: readonly Question[]) => Promise<readonly (Answer | PromiseLike<Answer>)[]>,
  { maxBatch }: { maxBatch: number },
): (question: Question) => Promise<Answer> {
  let gathered: Asked<Question, Answer>[] = [];

  function askGathered(): void {
    const asked = gathered;
    gathered = [];
    for (let start = 0; start < asked.length; start += maxBatch) {
      void ask(asked.slice(start, start + maxBatch));
    }
  }

  async function ask(asked: readonly Asked<Question, Answer>[]): Promise<void> {
    try {
      const answers = await read(asked.map(({ question }) => question));
      for (const [index, { resolve }] of asked.entries()) resolve(answers[index] as Answer);
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }

  return (question) =>
    new Promise((resolve, reject) => {
      if (gathered.length === 0) setImmediate(askGathered);
      gathered.push({ question, resolve, reject });
    });
}

interface Asked<Question, Answer> {
  readonly question: Question;
  readonly resolve: (answer: Answer | PromiseLike<Answer>) => void;
  readonly reject: (error: unknown) => void;
}
