import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  create,
  type DescFile,
  type DescMessage,
  type MessageInitShape,
  ScalarType,
} from '@bufbuild/protobuf';
import { nestedTypes, type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import { createValidator } from '@bufbuild/protovalidate';
import { describe, expect, test } from '@jest/globals';
import { fc } from '@loyalty/local/property.ts';
import {
  BatchEarnRequestSchema,
  EarnRequestSchema,
  GetBalanceRequestSchema,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { RedeemRequestSchema } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import { quickValidatorOf } from './quick-validation.ts';

const member = { programId: 'wine-dine', userId: 'alice' };
const purchase = {
  transactionId: 'order-1',
  occurTime: { seconds: 1n },
  amount: { currencyCode: 'USD', minorUnits: 0n },
  items: [
    {
      itemId: '1',
      quantity: 2,
      categories: ['wine'],
      amount: { currencyCode: 'USD', minorUnits: 1n },
    },
  ],
  attributes: { store: '12' },
};

function isQuicklyValid<Desc extends DescMessage>(
  schema: Desc,
  init: MessageInitShape<Desc>,
): boolean {
  return quickValidatorOf(schema)(create(schema, init));
}

describe('a request that is in order is found to be so at once:', () => {
  test.each([
    [EarnRequestSchema, { ...member, transaction: purchase }],
    [
      BatchEarnRequestSchema,
      { programId: 'wine-dine', earns: [{ userId: 'a', transaction: purchase }] },
    ],
    [GetBalanceRequestSchema, member],
    [RedeemRequestSchema, { ...member, idempotencyKey: '1', rewardId: 'glass', quantity: 1 }],
  ])('%s', (schema, init) => {
    expect(isQuicklyValid<DescMessage>(schema, init)).toBe(true);
  });
});

describe('a request is left to the library that has', () => {
  const [item] = purchase.items;
  const many = (length: number) => Array.from({ length }, (_, index) => `${index + 1}`);

  test.each([
    ['more items than are allowed', { items: many(201).map((itemId) => ({ ...item, itemId })) }],
    ['more keys in a map', { attributes: Object.fromEntries(many(51).map((key) => [key, ''])) }],
    ['more texts in a list', { items: [{ ...item, categories: many(21) }] }],
  ])('%s', (_, excess) => {
    const transaction = { ...purchase, ...excess };
    expect(isQuicklyValid(EarnRequestSchema, { ...member, transaction })).toBe(false);
  });
});

const contracts = join(import.meta.dirname, '../../../proto/gen/loyalty');
const messages: DescMessage[] = [];
for (const path of readdirSync(contracts, { recursive: true, encoding: 'utf8' })) {
  if (!path.endsWith('_pb.ts')) continue;
  const module = (await import(join(contracts, path))) as Record<string, { kind?: string }>;
  const file = Object.values(module).find(({ kind }) => kind === 'file') as DescFile;
  for (const type of nestedTypes(file)) if (type.kind === 'message') messages.push(type);
}

const texts = ['', 'a', 'wine-dine', 'alice', 'USD', '08:30', '1.5', 'me', '.', 'a b', '\u0000'];
const longTexts = [65, 129, 201, 1025].flatMap((length) => [
  'x'.repeat(length),
  'é'.repeat(length / 2),
]);
const numbers = [-1, 0, 1, 2, 51, 201, 1_000_000, 1_000_001, 2_147_483_647];

/** Fills some fields of a message with values that many rules let pass and some don't. */
function fill(message: ReflectMessage, pick: (below: number) => number, depth = 0): ReflectMessage {
  const text = () => (pick(12) === 0 ? longTexts : texts)[pick(8) + (pick(3) === 0 ? 3 : 0)] ?? 'a';
  const number = () => numbers[pick(numbers.length)] ?? 0;
  const scalar = (type: ScalarType) => {
    switch (type) {
      case ScalarType.STRING:
        return text();
      case ScalarType.BOOL:
        return pick(2) === 0;
      case ScalarType.BYTES:
        return new Uint8Array(pick(3));
      case ScalarType.INT32:
      case ScalarType.DOUBLE:
      case ScalarType.FLOAT:
        return number();
      case ScalarType.UINT32:
        return Math.abs(number());
      case ScalarType.UINT64:
        return BigInt(Math.abs(number()));
      default:
        return BigInt(number());
    }
  };
  const inner = (desc: DescMessage) => fill(reflect(desc, create(desc)), pick, depth + 1);
  for (const field of message.fields) {
    if (pick(5) === 0 || (depth > 3 && field.message !== undefined)) continue;
    switch (field.fieldKind) {
      case 'scalar':
        message.set(field, scalar(field.scalar));
        break;
      case 'enum':
        message.set(field, pick(6) === 0 ? 99 : (field.enum.values[pick(3)]?.number ?? 0));
        break;
      case 'message':
        message.set(field, inner(field.message));
        break;
      case 'list':
        for (let count = pick(6) === 0 ? 60 : pick(3); count > 0; count -= 1) {
          if (field.listKind === 'message') message.get(field).add(inner(field.message));
          else if (field.listKind === 'enum') message.get(field).add(pick(3));
          else message.get(field).add(scalar(field.scalar));
        }
        break;
      case 'map':
        for (let count = pick(6) === 0 ? 60 : pick(3); count > 0; count -= 1) {
          const key = pick(4) === 0 ? text() : `key-${count}`;
          if (field.mapKind === 'scalar') message.get(field).set(key, scalar(field.scalar));
        }
        break;
    }
  }
  return message;
}

test('what is found to be in order at once is so by the library, for every message of the contracts', () => {
  const library = createValidator({
    regexMatch: (pattern, against) => new RegExp(pattern, 'u').test(against),
  });
  let quick = 0;
  let slow = 0;
  fc.assert(
    fc.property(fc.constantFrom(...messages), fc.infiniteStream(fc.nat()), (schema, naturals) => {
      const pick = (below: number) => naturals.next().value % below;
      const { message } = fill(reflect(schema, create(schema)), pick);
      const { kind } = library.validate(schema, message);
      if (!quickValidatorOf(schema)(message)) {
        if (kind === 'valid') slow += 1;
        return;
      }
      quick += 1;
      expect(kind).toBe('valid');
    }),
    { numRuns: 8_000 },
  );
  // Both happen, or the comparison would say nothing; the library has to be asked about few.
  expect(quick).toBeGreaterThan(1000);
  expect(slow).toBeLessThan(quick / 5);
});
