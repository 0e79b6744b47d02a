// One reader of JSON: at the gateway, at the Connect port and on the stream the same text gets the same verdict.

import { fromBinary } from '@bufbuild/protobuf';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Platform } from '@loyalty/local/running-platform.ts';
import { sharedPlatform } from '@loyalty/local/shared-fixtures.ts';
import { patience } from '@loyalty/local/test-patience.ts';
import { sentenceOf } from '@loyalty/platform/errors.ts';
import { BadRequestSchema } from '@loyalty/proto/google/rpc/error_details_pb.ts';
import { createProgram, http } from '../src/http.ts';
import { natsPublish } from '../src/nats-publish.ts';
import { until } from '../src/until.ts';

const programId = 'json-transports';

let platform: Platform;

/** What is wrong with a text, field by field, or that it was accepted. */
type Verdict = string;
const accepted = 'accepted';

/** A text with `ID` in place of a new id, and `PROGRAM` in place of the program, which the gateway has in its path instead. */
type Template = string;

function earn(
  parts: { user?: string; id?: string; time?: string; amount?: string; rest?: string } = {},
): Template {
  const { user = '"u"', id = '"ID"', time = '"2024-05-01T00:00:00Z"', rest = '' } = parts;
  const { amount = '{"currencyCode":"USD","minorUnits":5000}' } = parts;
  const transaction = `"transactionId":${id},"occurTime":${time},"amount":${amount}${rest}`;
  return `{PROGRAM"userId":${user},"transaction":{${transaction}}}`;
}

const money = (minorUnits: string) => `{"currencyCode":"USD","minorUnits":${minorUnits}}`;
const units = (minorUnits: string) => earn({ amount: money(minorUnits) });
const time = (text: string) => earn({ time: text });
const item = (fields: string) => earn({ rest: `,"items":[{"itemId":"1"${fields}}]` });
/** Becomes a byte that is no UTF-8. */
const noUtf8 = '\ue000';

const amountField = 'transaction.amount.minorUnits';
const wholeNumber = 'must be a whole number in decimal digits, such as 25000';
const realTime = 'must be a time that exists, such as 2026-03-01T18:30:00Z';
const unknown = 'is not a field here; check its name, or leave it out';
const twice = 'is given twice; give it once';
const malformed = (place: string) => `Malformed JSON: at ${place}`;

const rows: [what: string, text: Template, faults: string[]][] = [
  ['a purchase', earn(), []],
  ['a byte order mark', `\ufeff${earn()}`, []],
  [
    'the names of the protos',
    earn().replace('userId', 'user_id').replace('minorUnits', 'minor_units'),
    [],
  ],
  ['an escaped name', earn().replace('userId', '\\u0075serId'), []],
  ['spaces and line ends', `\n${earn().replaceAll(',', ' ,\r\n\t')} `, []],
  ['digits in a string', units('"5000"'), []],
  ['an amount of 0', units('0'), []],
  [
    'null for what can be absent',
    earn({ rest: ',"items":null,"channel":null,"attributes":null' }),
    [],
  ],
  ['a time zone and nanoseconds', time('"2024-05-01T02:00:00.123456789+02:00"'), []],
  ['attributes with names of objects', earn({ rest: ',"attributes":{"constructor":"a"}' }), []],

  ['a list', '[]', ['The JSON must be an object']],
  ['null', 'null', ['The JSON must be an object']],
  [
    'a text without an end',
    '{"userId":"u"',
    [malformed('line 1, column 14 should be a comma or }, but the text ends')],
  ],
  ['two texts', '{}{}', [malformed('line 1, column 3 should be the end, but there is "{"')]],
  [
    'a comma too many',
    '{\n  "userId":"u",\n}',
    [malformed('line 3, column 1 should be a name in double quotes, but there is "}"')],
  ],
  [
    'a comment',
    '// a purchase',
    [malformed('line 1, column 1 should be a value, but there is "/"')],
  ],
  ['NaN', '{"userId":NaN}', [malformed('line 1, column 11 should be a value, but there is "N"')]],
  [
    'bytes that are no text',
    earn({ rest: `,"channel":"${noUtf8}"` }),
    ['The JSON must be encoded in UTF-8'],
  ],
  [
    'half a character',
    earn({ rest: ',"channel":"\\ud800"' }),
    ['transaction.channel: has an unpaired surrogate, which is half a character'],
  ],
  [
    'too many levels',
    earn({ rest: `,"x":${'['.repeat(63)}${']'.repeat(63)}` }),
    [`transaction.x${'[0]'.repeat(6)}: nests deeper than 64 levels`],
  ],
  [
    'a name twice',
    earn({ rest: ',"channel":"a","channel":"b"' }),
    [`transaction.channel: ${twice}`],
  ],
  ['a name twice, once escaped', units('1,"\\u006dinorUnits":2'), [`${amountField}: ${twice}`]],
  [
    'a name of the proto beside the JSON name',
    units('1,"minor_units":2'),
    [`${amountField}: ${twice}`],
  ],
  [
    'an unknown field',
    earn().replace('"userId"', '"colour":"red","userId"'),
    [`colour: ${unknown}`],
  ],
  [
    'an unknown field of an item',
    item(`,"quantity":1,"amount":${money('1')},"colour":1`),
    [`transaction.items[0].colour: ${unknown}`],
  ],
  [
    '__proto__',
    earn().replace('"userId"', '"__proto__":{},"userId"'),
    ['__proto__: is not an allowed name; leave it out'],
  ],
  [
    '__proto__ among attributes',
    earn({ rest: ',"attributes":{"__proto__":"x"}' }),
    ['transaction.attributes["__proto__"]: is not an allowed name; leave it out'],
  ],

  ['a number as a text of hexadecimal digits', units('"0x10"'), [`${amountField}: ${wholeNumber}`]],
  ['spaces around a number', units('" 1 "'), [`${amountField}: ${wholeNumber}`]],
  ['an exponent', units('1e3'), [`${amountField}: ${wholeNumber}`]],
  ['decimals', units('5000.0'), [`${amountField}: ${wholeNumber}`]],
  ['decimals in a string', units('"5000.0"'), [`${amountField}: ${wholeNumber}`]],
  ['no digits', units('""'), [`${amountField}: ${wholeNumber}`]],
  ['a boolean for a number', units('true'), [`${amountField}: ${wholeNumber}`]],
  [
    'a number that would be rounded',
    units('9007199254740993'),
    [`${amountField}: must be within ±9007199254740991, as every JSON number`],
  ],
  [
    'a number beyond 64 bits',
    units('"9223372036854775808"'),
    [`${amountField}: must fit into 64 bits`],
  ],
  [
    'a negative amount',
    units('-1'),
    [`${amountField}: must be at least 0 and at most 9007199254740991`],
  ],
  [
    'an amount beyond the limit',
    units('"9007199254740992"'),
    [`${amountField}: must be at least 0 and at most 9007199254740991`],
  ],
  [
    'an amount without a number',
    earn({ amount: '{"currencyCode":"USD"}' }),
    [`${amountField}: must be given`],
  ],
  ['an amount of null', units('null'), [`${amountField}: must be given`]],
  ['no amount', earn({ amount: 'null' }), ['transaction.amount: must be given']],
  [
    'no quantity',
    item(`,"amount":${money('1')}`),
    ['transaction.items[0].quantity: must be at least 1 and at most 1000000'],
  ],
  [
    'a quantity beyond 32 bits',
    item(`,"quantity":4294967297,"amount":${money('1')}`),
    ['transaction.items[0].quantity: must fit into 32 bits'],
  ],

  ['February 30th', time('"2026-02-30T00:00:00Z"'), [`transaction.occurTime: ${realTime}`]],
  ['a time without a zone', time('"2024-05-01T00:00:00"'), [`transaction.occurTime: ${realTime}`]],
  ['24 o’clock', time('"2024-05-01T24:00:00Z"'), [`transaction.occurTime: ${realTime}`]],
  ['seconds since 1970', time('1714521600'), [`transaction.occurTime: ${realTime}`]],
  [
    'a time before 1970',
    time('"1969-12-31T23:59:59Z"'),
    ['transaction.occurTime: must not be before 1970'],
  ],
  ['no time', time('null'), ['transaction.occurTime: must be given']],

  ['a number for a text', earn({ user: '7' }), ['userId: must be a string']],
  ['no user', earn({ user: '""' }), ['userId: must not be empty']],
  [
    'a NUL in an id',
    earn({ id: '"a\\u0000b"' }),
    ['transaction.transactionId: must not contain control or invisible characters'],
  ],
  [
    'a list of nulls',
    earn({ rest: ',"items":[null]' }),
    ['transaction.items[0]: must not be null'],
  ],
  ['an object for a list', earn({ rest: ',"items":{}' }), ['transaction.items: must be a list']],
  [
    'an attribute that is no text',
    earn({ rest: ',"attributes":{"a":1}' }),
    ['transaction.attributes["a"]: must be a string'],
  ],
  [
    'a currency that there is not',
    earn({ amount: '{"currencyCode":"QQQ","minorUnits":1}' }),
    ['transaction.amount.currencyCode: unknown currency QQQ; use an ISO 4217 code, such as "USD"'],
  ],
  [
    'three mistakes',
    earn({ user: '1', time: '2', amount: money('1.5') }),
    [
      'userId: must be a string',
      `transaction.occurTime: ${realTime}`,
      `${amountField}: ${wholeNumber}`,
    ],
  ],
];

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const [first = '', ...rest] = text.split(noUtf8).map((part) => Buffer.from(part));
  return new Uint8Array(
    Buffer.concat([Buffer.from(first), ...rest.flatMap((part) => [Buffer.of(0xff), part])]),
  );
}

const withProgram = (text: Template) => text.replace('PROGRAM', `"programId":"${programId}",`);
const token = (role: 'ADMIN' | 'SERVICE') => platform.env[`LOYALTY_${role}_TOKEN`] ?? '';

async function postJson(url: string, text: string, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token('SERVICE')}`,
      'content-type': 'application/json',
      ...headers,
    },
    body: bytesOf(text),
  });
  return { ok: response.ok, body: (await response.json()) as Record<string, unknown> };
}

async function atGateway(path: string, text: Template, headers = {}): Promise<Verdict> {
  const url = `${platform.env['LOYALTY_URL']}/v1/programs/${programId}/${path}`;
  const { ok, body } = await postJson(url, text.replace('PROGRAM', ''), headers);
  if (ok) return accepted;
  const { violations } = body as { violations: { field: string; message: string }[] };
  return violations.map(sentenceOf).join('; ');
}

async function atConnectPort(method: string, text: Template): Promise<Verdict> {
  const url = `${platform.ledgerHttp}/loyalty.ledger.v1.${method}`;
  const { ok, body } = await postJson(url, withProgram(text));
  if (ok) return accepted;
  const { details } = body as { details: { type: string; value: string }[] };
  const detail = details.find(({ type }) => type === BadRequestSchema.typeName);
  const { fieldViolations } = fromBinary(
    BadRequestSchema,
    Buffer.from(detail?.value ?? '', 'base64'),
  );
  return fieldViolations
    .map(({ field, description }) => sentenceOf({ field, message: description }))
    .join('; ');
}

async function publish(text: Template): Promise<void> {
  const body = bytesOf(withProgram(text));
  const subject = `loyalty.earn.v1.${programId}`;
  await natsPublish(platform.env['NATS_URL'] ?? '', { subject, body });
}

/** Why messages weren't applied, by their payloads in base64, once there are so many of them. */
async function faultsOnStream(count: number): Promise<Map<string, Verdict>> {
  const letters = await until(deadLetters, ({ length }) => length >= count);
  const faults = letters.map(async ({ deadLetterId }): Promise<[string, Verdict]> => {
    const path = `dead-letters/${deadLetterId}`;
    const { body } = await http(platform, { token: token('ADMIN'), path });
    const { payload, detail } = body as { payload: string; detail: string };
    return [payload, detail];
  });
  return new Map(await Promise.all(faults));
}

async function isCredited(transactionId: string): Promise<boolean> {
  const path = `programs/${programId}/earns/${transactionId}`;
  return (await http(platform, { token: token('SERVICE'), path })).status === 200;
}

async function deadLetters(): Promise<{ deadLetterId: string }[]> {
  const path = `dead-letters?programId=${programId}&pageSize=500`;
  const { body } = await http(platform, { token: token('ADMIN'), path });
  return body['deadLetters'] as { deadLetterId: string }[];
}

beforeAll(async () => {
  platform = await sharedPlatform();
  const rate = { points: 1, per: { currencyCode: 'USD', minorUnits: 100 } };
  await createProgram(platform, { programId, rate });
  const members = `programs/${programId}/members`;
  await http(platform, { token: token('SERVICE'), path: members, body: { userId: 'u' } });
}, patience(60_000));

describe('every transport returns the same verdict on', () => {
  let faults: Map<string, Verdict>;
  const idOnStream = (text: Template) => `stream-${rows.findIndex((row) => row[1] === text)}`;

  beforeAll(async () => {
    for (const [, text] of rows) await publish(text.replace('ID', idOnStream(text)));
    faults = await faultsOnStream(rows.filter((row) => row[2].length > 0).length);
  }, patience(30_000));

  async function onStream(text: Template): Promise<Verdict> {
    const id = idOnStream(text);
    const payload = Buffer.from(bytesOf(withProgram(text.replace('ID', id)))).toString('base64');
    const fault = faults.get(payload);
    if (fault !== undefined) return fault;
    await until(() => isCredited(id), Boolean);
    return accepted;
  }

  test.each(rows)('%s', async (what, text, expected) => {
    const verdict = expected.length === 0 ? accepted : expected.join('; ');
    expect({
      gateway: await atGateway('earns', text.replace('ID', `gateway-${what}`)),
      connect: await atConnectPort('LedgerService/Earn', text.replace('ID', `connect-${what}`)),
      stream: await onStream(text),
    }).toEqual({ gateway: verdict, connect: verdict, stream: verdict });
  });
});

test('a mask at the Connect port names keys of attributes as they are', async () => {
  const update = (attributes: object, updateMask: string) =>
    postJson(
      `${platform.ledgerHttp}/loyalty.ledger.v1.MembershipService/UpdateMembership`,
      JSON.stringify({ programId, userId: 'u', membership: { attributes }, updateMask }),
    );
  const [paris, rome] = [{ home_shop: 'paris' }, { homeShop: 'rome' }];
  const first = await update(paris, 'attributes.home_shop');
  expect(first.body).toMatchObject({ membership: { attributes: paris } });
  const both = await update(rome, 'attributes.homeShop');
  expect(both.body).toMatchObject({ membership: { attributes: { ...paris, ...rome } } });
  const refused = await update(rome, 'attributes.homeShop,homeTown');
  expect(refused.ok).toBe(false);
  expect(refused.body['message']).toContain("can't name homeTown; it can name attributes");
});

describe('a redemption is refused with', () => {
  const between = (least: number, most: number | string) =>
    `must be at least ${least} and at most ${most}`;

  test.each([
    ['no units', '"quantity":0', `quantity: ${between(1, 1_000)}`],
    ['no seconds', '"capture":"HOLD","holdSeconds":0', `holdSeconds: ${between(1, 2_592_000)}`],
    ['no points', '"points":0', `points: ${between(1, '9007199254740991')}`],
    ['half a unit', '"quantity":0.5', `quantity: ${wholeNumber}`],
  ])('%s', async (_what, fields, verdict) => {
    const reward = `"rewardId":"cup",${fields}`;
    const atPort = `{PROGRAM"userId":"u","idempotencyKey":"k",${reward}}`;
    const key = { 'idempotency-key': 'k' };
    expect(await atGateway('members/u/redemptions', `{${reward}}`, key)).toBe(verdict);
    expect(await atConnectPort('RedemptionService/Redeem', atPort)).toBe(verdict);
  });
});

describe('a text that names other fields names them as JSON does:', () => {
  const member = { programId, userId: 'named' };
  const [sooner, later] = ['2126-01-01T00:00:00Z', '2126-02-01T00:00:00Z'];
  const money1 = { currencyCode: 'USD', minorUnits: 1 };
  const transaction = { transactionId: 'named', occurTime: '2024-05-01T00:00:00Z', amount: money1 };

  beforeAll(async () => {
    const service = token('SERVICE');
    const path = `programs/${programId}`;
    await http(platform, { token: service, path: `${path}/members`, body: { userId: 'named' } });
    await http(platform, {
      token: service,
      path: `${path}/earns`,
      body: { userId: 'named', transaction },
    });
  });

  test.each([
    [
      'dates in the wrong order',
      'members/named:adjust',
      'LedgerService/AdjustBalance',
      { points: 1, reason: 'r', idempotencyKey: 'k', availableTime: later, expireTime: sooner },
      'expireTime: must be later than availableTime',
    ],
    [
      'too few points',
      'members/named:adjust',
      'LedgerService/AdjustBalance',
      { points: -9, reason: 'r', idempotencyKey: 'k' },
      'set allowDeficit to take them anyway',
    ],
    [
      'another time of joining',
      'members',
      'MembershipService/JoinProgram',
      { userId: 'named', joinTime: '2020-01-01T00:00:00Z' },
      "The user is a member already: leave joinTime out, since it can't change",
    ],
    [
      'another purchase',
      'earns',
      'LedgerService/Earn',
      {
        userId: 'u',
        transaction: { ...transaction, occurTime: '2024-05-02T00:00:00Z' },
      },
      'another userId, transaction.occurTime; report it as before',
    ],
  ])('%s', async (_, path, method, { idempotencyKey, ...body }: Record<string, unknown>, text) => {
    const headers = {
      authorization: `Bearer ${token(path.endsWith(':adjust') ? 'ADMIN' : 'SERVICE')}`,
      ...(typeof idempotencyKey === 'string' && { 'idempotency-key': idempotencyKey }),
    };
    const gateway = `${platform.env['LOYALTY_URL']}/v1/programs/${programId}/${path}`;
    const atGatewayText = (await postJson(gateway, JSON.stringify(body), headers)).body['detail'];
    expect(atGatewayText).toContain(text);
    const port = `${platform.ledgerHttp}/loyalty.ledger.v1.${method}`;
    const request = { ...member, ...body, ...(idempotencyKey !== undefined && { idempotencyKey }) };
    const { body: received } = await postJson(port, JSON.stringify(request), headers);
    expect(received['message']).toContain(text);
  });

  test('a rule without an award', async () => {
    const { body } = await http(platform, {
      token: token('ADMIN'),
      path: `programs/${programId}/rule-sets`,
      body: { earnRules: [{ ruleId: 'base' }] },
    });
    expect(body).toMatchObject({
      detail: 'earnRules[0]: one of rate, fixed, perItem, multiplier must be given',
    });
  });

  test('fields in metadata', async () => {
    const { body } = await http(platform, {
      token: token('SERVICE'),
      path: `programs/${programId}/members`,
      body: { userId: 'named', attributes: { home_shop: 'x' }, joinTime: '2020-01-01T00:00:00Z' },
    });
    expect(body).toMatchObject({ metadata: { fields: 'attributes["home_shop"],joinTime' } });
  });
});

test('a failure within a batch names its field as JSON does', async () => {
  const item = (minorUnits: string) =>
    units(minorUnits).replace('PROGRAM', '').replace('ID', `batch-of-${minorUnits}`);
  const batch = (...earns: string[]) => `{PROGRAM"earns":[${earns.join()}]}`;
  const mixed = batch(item('-1'), item('1'), item('null'));
  const gateway = `${platform.env['LOYALTY_URL']}/v1/programs/${programId}/earns:batch`;
  const port = `${platform.ledgerHttp}/loyalty.ledger.v1.LedgerService/BatchEarn`;
  const responses = [
    await postJson(gateway, mixed.replace('PROGRAM', '')),
    await postJson(port, withProgram(mixed)),
  ];
  const message = 'must be at least 0 and at most 9007199254740991';
  const failure = {
    message: `${amountField}: ${message}`,
    violations: [{ field: amountField, message }],
  };
  for (const { ok, body } of responses) {
    expect(ok).toBe(true);
    expect(body['outcomes']).toMatchObject([
      { failure },
      { success: { earn: { transactionId: 'batch-of-1' } } },
      { failure: { violations: [{ field: amountField, message: 'must be given' }] } },
    ]);
  }
  // What isn't such a message at all is refused as a whole.
  const unreadable = batch(item('1'), item('1.5'));
  const fault = `earns[1].${amountField}: ${wholeNumber}`;
  expect(await atGateway('earns:batch', unreadable)).toBe(fault);
  expect(await atConnectPort('LedgerService/BatchEarn', unreadable)).toBe(fault);
});
