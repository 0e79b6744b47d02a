import { expect, test } from '@jest/globals';
import { fc } from '@loyalty/local/property.ts';
import { findSharedIds, type IdentifiedLine } from './shared-ids.ts';

type Lines = readonly (IdentifiedLine | undefined)[];

const anyLines = fc.array(
  fc.option(
    fc.record({
      id: fc.constantFrom(...Array.from({ length: 20 }, (_, number) => `order-${number}`)),
      content: fc.constantFrom(['a'], ['b'], ['a', 'b']),
      mayBeRefund: fc.boolean(),
    }),
    { nil: undefined },
  ),
  { maxLength: 40 },
);

/** What each line is, by comparing it with all others. */
function compared(lines: Lines): string[] {
  return lines.map((line, index) => {
    if (line === undefined) return 'other';
    const same = (other: IdentifiedLine | undefined) => other?.id === line.id;
    const contents = lines.filter(same).map((other) => JSON.stringify(other?.content));
    if (new Set(contents).size > 1) {
      return lines.some((other) => same(other) && other?.mayBeRefund === true)
        ? 'conflicting, with a refund'
        : 'conflicting';
    }
    return lines.slice(0, index).some(same) ? 'repeated' : 'other';
  });
}

test('lines that share an id are found, however few ids are kept at once', async () => {
  await fc.assert(
    fc.asyncProperty(anyLines, fc.integer({ min: 2, max: 30 }), async (lines, idsAtOnce) => {
      let readings = 0;
      async function* read() {
        readings += 1;
        for (let at = 0; at < lines.length; at += 7) yield lines.slice(at, at + 7);
      }
      const { conflicting, besideRefunds, repeated } = await findSharedIds(read, { idsAtOnce });
      const found = lines.map((_, index) => {
        if (besideRefunds.has(index)) return 'conflicting, with a refund';
        if (conflicting.has(index)) return 'conflicting';
        return repeated.has(index) ? 'repeated' : 'other';
      });
      expect(found).toEqual(compared(lines));
      const distinct = new Set(lines.map((line) => line?.id)).size;
      // The second is for lines that conflict.
      expect(idsAtOnce <= distinct || readings <= 2).toBe(true);
    }),
  );
});
