// Recorded examples without what differs from run to run, so that a new recording changes the file only where the
// platform has changed.

const dayMs = 24 * 60 * 60 * 1000;
const stepMs = 5 * 60 * 1000;

/** When the examples seem to have been recorded. */
const pretendedStartMs = Date.parse('2026-03-01T18:30:00Z');

const timePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;
const uuidPattern = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;

/**
 * Replaces ids, etags, page tokens, secrets, durations and times, also in the bodies of deliveries. Equal ones stay equal, and times keep their distances: midnights become
 * midnights, and all others count from the start in steps of five minutes.
 *
 * @param startMs when the scenario began
 */
export function normalized<Value>(value: Value, { startMs }: { startMs: number }): Value {
  const constants = { id: new Map(), etag: new Map(), token: new Map() };
  const known = (kind: keyof typeof constants, text: string, make: (n: number) => string) => {
    const map: Map<string, string> = constants[kind];
    const constant = map.get(text) ?? make(map.size + 1);
    map.set(text, constant);
    return constant;
  };

  function textOf(text: string, key: string): string {
    if (timePattern.test(text)) {
      const time = pretendedTime(Date.parse(text), startMs);
      // Headers of events always have milliseconds; in JSON, protobuf leaves out those that are zero.
      return key === 'ce-time' ? time : time.replace('.000Z', 'Z');
    }
    if (uuidPattern.test(text)) {
      return known('id', text, (n) => `019ca8a3-7b40-7000-8000-${String(n).padStart(12, '0')}`);
    }
    if (/^(etag|If-Match|If-None-Match)$/.test(key)) {
      const [, before, opaque = '', after] = /^((?:W\/)?"?)(.*?)("?)$/.exec(text) ?? [];
      return `${before}${known('etag', opaque, (n) => `etag-${n}`)}${after}`;
    }
    if (key === 'secret') return 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
    if (key === 'eventId' || key === 'id')
      return text.replace(/(?<=^test-).*/, (id) => textOf(id, ''));
    if (key === 'body') return JSON.stringify(visit(JSON.parse(text), ''));
    const isToken = key === 'pageToken' || key === 'nextPageToken';
    return isToken && text !== '' ? known('token', text, (n) => `page-token-${n}`) : text;
  }

  function visit(item: unknown, key: string): unknown {
    if (typeof item === 'string') return textOf(item, key);
    if (key === 'durationMs') return 3;
    if (Array.isArray(item)) return item.map((element) => visit(element, key));
    if (typeof item !== 'object' || item === null) return item;
    return Object.fromEntries(
      Object.entries(item).map(([name, member]) => [name, visit(member, name)]),
    );
  }
  return visit(value, '') as Value;
}

function pretendedTime(timeMs: number, startMs: number): string {
  const daysMs = Math.floor(startMs / dayMs) * dayMs - Math.floor(pretendedStartMs / dayMs) * dayMs;
  const shiftedMs =
    timeMs % dayMs === 0
      ? timeMs - daysMs
      : pretendedStartMs + Math.round((timeMs - startMs) / stepMs) * stepMs;
  return new Date(shiftedMs).toISOString();
}
