import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase } from '@loyalty/local/test-environment.ts';
import { beginningOfTime, endOfTime } from '@loyalty/rules/instant.ts';
import pg from 'pg';
import { bulk, type Columns } from './bulk.ts';

interface Row {
  readonly label?: string | null;
  readonly points?: bigint | null;
  readonly units?: number;
  readonly time?: number;
  readonly bytes?: Uint8Array;
  readonly json?: string;
  readonly isOpen?: boolean;
}

const columns = {
  label: ['text', ({ label }) => label],
  points: ['bigint', ({ points }) => points],
  units: ['integer', ({ units }) => units],
  version: ['smallint', ({ units }) => units],
  time: ['timestamptz', ({ time }) => time],
  bytes: ['bytea', ({ bytes }) => bytes],
  json: ['jsonb', ({ json }) => json],
  is_open: ['boolean', ({ isOpen }) => isOpen],
} satisfies Columns<Row>;

const rowsOf = bulk<Row>(columns);

let client: pg.Client;

beforeAll(async () => {
  const database = await createTestDatabase('ledger');
  client = new pg.Client(database.url);
  await client.connect();
});

afterAll(() => client.end());

/** What PostgreSQL reads of a column, as text. */
async function column(of: keyof typeof columns, rows: readonly Row[]): Promise<(string | null)[]> {
  const text = `SELECT ${of}::text AS value FROM ${rowsOf.source}`;
  const { rows: read } = await client.query(rowsOf.statement(`column_${of}`, text, rows));
  return read.map(({ value }) => value);
}

test.each(['', 'NULL', 'a,b {c}', 'say "hi"', 'back\\slash', "it's\n😀"])(
  'PostgreSQL reads a text as it was: %j',
  async (label) => {
    expect(await column('label', [{ label: 'x' }, { label }, {}])).toEqual(['x', label, null]);
  },
);

test('PostgreSQL reads bytes, numbers and JSON as they were', async () => {
  const bytes = [{ bytes: new Uint8Array([0, 255]) }, { bytes: new Uint8Array() }];
  expect(await column('bytes', bytes)).toEqual([String.raw`\x00ff`, String.raw`\x`]);
  const points = [{ points: 1n }, {}, { points: -(2n ** 63n) }];
  expect(await column('points', points)).toEqual(['1', null, '-9223372036854775808']);
  expect(await column('units', [{ units: -7 }, { units: 300 }])).toEqual(['-7', '300']);
  expect(await column('version', [{ units: -7 }, { units: 300 }])).toEqual(['-7', '300']);
  expect(await column('json', [{ json: '{"é":"😀"}' }])).toEqual(['{"é": "😀"}']);
  expect(await column('is_open', [{ isOpen: true }, { isOpen: false }])).toEqual(['true', 'false']);
});

test('PostgreSQL reads an instant as it was', async () => {
  const instants = ['1969-07-20T20:17:40.123Z', '2026-01-31T18:30:00.001Z', '9999-12-31T23:59:59Z'];
  const times = [...instants.map((each) => Date.parse(each)), beginningOfTime, endOfTime];
  const rows = times.map((time) => ({ time }));
  expect(await column('time', rows)).toEqual([
    '1969-07-20 20:17:40.123+00',
    '2026-01-31 18:30:00.001+00',
    '9999-12-31 23:59:59+00',
    '-infinity',
    'infinity',
  ]);
});

test('values that repeat stay where they are', async () => {
  const labels = [null, 'a', 'a', null, null, 'b', 'a'];
  const rows = labels.map((label) => ({ label }));
  expect(await column('label', rows)).toEqual(labels);
});

test('a column without values has NULLs beside those that have some', async () => {
  const rows = [{ label: 'a' }, { label: 'b' }];
  expect(await column('points', rows)).toEqual([null, null]);
});

test('rows may be larger than any before', async () => {
  const rows = Array.from({ length: 300 }, (_, index) => ({ label: `${index}`.repeat(400) }));
  expect(await column('label', rows)).toEqual(rows.map(({ label }) => label));
});

test('rows after very large ones are read as they were', async () => {
  const large = 'é'.repeat(1_000_000);
  expect(await column('label', [{ label: large }, { label: 'a' }])).toEqual([large, 'a']);
  expect(await column('label', [{ label: 'b' }])).toEqual(['b']);
});
