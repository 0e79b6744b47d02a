import { type DescMessage, fromBinary, fromJsonString, toJson } from '@bufbuild/protobuf';
import { EarnRequestedSchema } from '@loyalty/proto/loyalty/events/v1/earn_requested_pb.ts';
import { RefundRequestedSchema } from '@loyalty/proto/loyalty/events/v1/refund_requested_pb.ts';
import { printable } from '../printable.ts';

/** What arrived, as an operator reads it. */
export interface PayloadText {
  /** What the lines are. */
  readonly title: string;
  /** Safe for a terminal. */
  readonly lines: readonly string[];
}

/** The payload of a message as JSON; if it can't be decoded, its text, or its bytes. */
export function payloadText(message: {
  subject: string;
  contentType: string;
  payload: Uint8Array;
}): PayloadText {
  const { subject, contentType, payload } = message;
  const schema = subject.startsWith('loyalty.refund.')
    ? RefundRequestedSchema
    : EarnRequestedSchema;
  const size = `${payload.length} ${payload.length === 1 ? 'byte' : 'bytes'}`;
  const json = isJson(contentType);
  const decoded = decode(schema, json, payload);
  if (decoded !== undefined) {
    const title = `${schema.name}, from ${json ? 'JSON' : 'protobuf'}, ${size}`;
    return { title, lines: linesOf(JSON.stringify(decoded, undefined, 2)) };
  }
  const text = textOf(payload);
  const title = `can't be decoded as ${schema.name}, ${size}`;
  return text === undefined || !(json || /^\s*[{[]/.test(text))
    ? { title, lines: hexLines(payload) }
    : { title, lines: linesOf(text) };
}

function decode(schema: DescMessage, json: boolean, payload: Uint8Array): unknown {
  try {
    const message = json
      ? fromJsonString(schema, textOf(payload) ?? '')
      : fromBinary(schema, payload);
    return toJson(schema, message);
  } catch {
    return undefined;
  }
}

function isJson(contentType: string): boolean {
  return contentType.split(';', 1)[0]?.trim().toLowerCase() === 'application/json';
}

/** Undefined if it isn't UTF-8. */
function textOf(payload: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(payload);
  } catch {
    return undefined;
  }
}

function linesOf(text: string): string[] {
  return text.split(/\r?\n/).map(printable);
}

const bytesPerLine = 16;

/** `000010  6f 72 64 65 72 2d 31 …  order-1…`, with a dot for what isn't ASCII. */
function hexLines(payload: Uint8Array): string[] {
  const lines: string[] = [];
  for (let start = 0; start < payload.length; start += bytesPerLine) {
    const bytes = Buffer.from(payload.subarray(start, start + bytesPerLine));
    const offset = start.toString(16).padStart(6, '0');
    const hex = (bytes.toString('hex').match(/../g) ?? []).join(' ').padEnd(3 * bytesPerLine - 1);
    lines.push(`${offset}  ${hex}  ${bytes.toString('latin1').replace(/[^ -~]/g, '.')}`);
  }
  return lines;
}
