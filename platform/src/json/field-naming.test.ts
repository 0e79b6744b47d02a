import { describe, expect, test } from '@jest/globals';
import { JoinProgramRequestSchema } from '@loyalty/proto/loyalty/ledger/v1/membership_service_pb.ts';
import { CreateRuleSetRequestSchema } from '@loyalty/proto/loyalty/programs/v1/rule_set_service_pb.ts';
import { jsonNaming, named, protoNaming } from './field-naming.ts';

const unclear = {
  message: '',
  violations: [
    {
      field: 'rule_set.earn_rules[0]',
      message: 'must have rate or per_item, and not start_time',
      names: ['rate', 'per_item'],
    },
  ],
};

describe('the violations of an error', () => {
  test('name fields as JSON does for who sent it, and leave other words alone', () => {
    const { message, violations } = named(unclear, jsonNaming(CreateRuleSetRequestSchema));
    const [{ field, message: text } = { field: '', message: '' }] = violations;
    expect(field).toBe('ruleSet.earnRules[0]');
    expect(text).toBe('must have rate or perItem, and not start_time');
    expect(message).toBe(`${field}: ${text}`);
  });

  test('name them as the protos do for others', () => {
    const [violation] = named(unclear, protoNaming).violations;
    expect(violation).toEqual({
      field: 'rule_set.earn_rules[0]',
      message: 'must have rate or per_item, and not start_time',
    });
  });
});

describe('the paths in the text of an error', () => {
  const conflict = {
    message: 'it has another join_time, attributes["home_shop"]',
    metadata: { fields: 'join_time,attributes["home_shop"]', state: 'ACTIVE' },
    fields: ['join_time', 'attributes["home_shop"]'],
  };

  test('have JSON names for who sent JSON, and keys as they are', () => {
    expect(named(conflict, jsonNaming(JoinProgramRequestSchema))).toEqual({
      message: 'it has another joinTime, attributes["home_shop"]',
      metadata: { fields: 'joinTime,attributes["home_shop"]', state: 'ACTIVE' },
      violations: [],
    });
  });

  test('have the names of the protos for others', () => {
    const { message, metadata } = conflict;
    expect(named(conflict, protoNaming)).toEqual({ message, metadata, violations: [] });
  });
});
