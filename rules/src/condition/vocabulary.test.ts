import { type DescField, type DescMessage, getOption, ScalarType } from '@bufbuild/protobuf';
import { field as constraints } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import { expect, test } from '@jest/globals';
import { TransactionSchema } from '@loyalty/proto/loyalty/programs/v1/transaction_pb.ts';
import { EARN_RULE_VOCABULARY, INT, STRING, TIMESTAMP, type ValueType } from './vocabulary.ts';

/** What conditions may say about a message, as its proto has it. */
function typeOfMessage(message: DescMessage): ValueType {
  if (message.typeName === 'google.protobuf.Timestamp') return TIMESTAMP;
  const fields = message.fields.map((field) => [field.name, typeOfField(field)]);
  return { kind: 'record', name: message.name, fields: Object.fromEntries(fields) };
}

function typeOfField(field: DescField): ValueType {
  const { type } = getOption(field, constraints);
  if (field.fieldKind === 'list') {
    const element = field.listKind === 'message' ? typeOfMessage(field.message) : STRING;
    const sizeMax = type.case === 'repeated' ? Number(type.value.maxItems) : Number.NaN;
    return { kind: 'list', element, sizeMax };
  }
  if (field.fieldKind === 'map') {
    const sizeMax = type.case === 'map' ? Number(type.value.maxPairs) : Number.NaN;
    return { kind: 'map', key: STRING, value: STRING, sizeMax };
  }
  if (field.fieldKind === 'message') return typeOfMessage(field.message);
  return field.fieldKind === 'scalar' && field.scalar === ScalarType.STRING ? STRING : INT;
}

test('conditions know every field of a transaction, and how many of each there can be', () => {
  expect(EARN_RULE_VOCABULARY['transaction']).toEqual(typeOfMessage(TransactionSchema));
});
