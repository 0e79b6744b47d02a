// Random messages of the contracts, for tests of what reads, checks or writes any message.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  create,
  type DescFile,
  type DescMessage,
  type Message,
  ScalarType,
} from '@bufbuild/protobuf';
import { nestedTypes, type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';

const contracts = join(import.meta.dirname, '../../proto/gen/loyalty');
/** Every message of the contracts. */
export const contractMessages: DescMessage[] = [];
for (const path of readdirSync(contracts, { recursive: true, encoding: 'utf8' })) {
  if (!path.endsWith('_pb.ts')) continue;
  const module = (await import(join(contracts, path))) as Record<string, { kind?: string }>;
  const file = Object.values(module).find(({ kind }) => kind === 'file') as DescFile;
  for (const type of nestedTypes(file)) if (type.kind === 'message') contractMessages.push(type);
}

const texts = ['', 'a', 'wine-dine', 'alice', 'USD', '08:30', '1.5', 'me', '.', 'a b', '\u0000'];
const longTexts = [65, 129, 201, 1025].flatMap((length) => [
  'x'.repeat(length),
  'é'.repeat(length / 2),
]);
const numbers = [-1, 0, 1, 2, 51, 201, 1_000_000, 1_000_001, 2_147_483_647];

/**
 * Returns a message some of whose fields have values that many rules let pass and some don't.
 *
 * @param pick chooses a whole number from 0 to below its argument
 */
export function randomMessage(desc: DescMessage, pick: (below: number) => number): Message {
  return fill(reflect(desc, create(desc)), pick).message;
}

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
