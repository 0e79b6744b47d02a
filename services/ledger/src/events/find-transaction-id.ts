import { textInBinary } from '@loyalty/platform/binary-message.ts';
import { isObject } from '@loyalty/platform/json/json-message.ts';
import { shapeOfPath } from '@loyalty/platform/json/json-shape.ts';
import { type JsonInput, parseJsonText } from '@loyalty/platform/json/json-text.ts';

/** What the messages of a direction have around the transaction's id: JSON names from the top, and field numbers. */
interface Whereabouts {
  readonly names: readonly string[];
  readonly numbers: readonly number[];
}

const whereabouts: Readonly<Record<'earn' | 'refund', Whereabouts>> = {
  earn: { names: ['transaction', 'transactionId'], numbers: [3, 1] },
  refund: { names: ['transactionId'], numbers: [2] },
};

/**
 * The id of the transaction that a message is about, as far as it can be found in one that can't be read: JSON or
 * protobuf that is cut off or garbled, or has fields that it shouldn't have. A caller who asks for the transaction is
 * led to the message by it, and nothing else depends on it.
 */
export function findTransactionId(
  direction: 'earn' | 'refund',
  payload: Uint8Array,
): string | undefined {
  const { names, numbers } = whereabouts[direction];
  const text = lossyUtf8.decode(payload);
  // No protobuf message of ours begins like this.
  return text.trimStart().startsWith('{')
    ? (inParsed(payload, names) ?? inGarbled(text))
    : textInBinary(payload, numbers);
}

const lossyUtf8 = new TextDecoder();

function inParsed(payload: Uint8Array, names: readonly string[]): string | undefined {
  let value: JsonInput | undefined;
  try {
    value = parseJsonText(payload, shapeOfPath(names.map((name) => [name, protoName(name)])));
  } catch {
    return undefined;
  }
  for (const name of names) {
    value = isObject(value) ? (value[name] ?? value[protoName(name)]) : undefined;
  }
  return typeof value === 'string' ? value : undefined;
}

function protoName(jsonName: string): string {
  return jsonName.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

const idInGarbled = /"transaction(?:Id|_id)"\s*:\s*("(?:[^"\\]|\\.){1,1024}")/;

function inGarbled(text: string): string | undefined {
  const id = idInGarbled.exec(text)?.[1];
  try {
    return id === undefined ? undefined : String(JSON.parse(id));
  } catch {
    return undefined;
  }
}
