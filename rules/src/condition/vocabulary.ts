/** The type of a value within a condition, with a limit on its size where it has one. */
export type ValueType =
  | { readonly kind: 'scalar'; readonly name: ScalarName }
  | { readonly kind: 'list'; readonly element: ValueType; readonly sizeMax: number }
  | {
      readonly kind: 'map';
      readonly key: ValueType;
      readonly value: ValueType;
      readonly sizeMax: number;
    }
  | {
      readonly kind: 'record';
      readonly name: string;
      readonly fields: Readonly<Record<string, ValueType>>;
    }
  /** The element of an empty list: fits everywhere. */
  | { readonly kind: 'nothing' };

/** Scalars under the names that CEL gives them. */
export type ScalarName =
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'null_type'
  | 'google.protobuf.Timestamp'
  | 'google.protobuf.Duration';

const SCALAR_NAMES: ReadonlySet<string> = new Set<ScalarName>([
  'bool',
  'int',
  'uint',
  'double',
  'string',
  'bytes',
  'null_type',
  'google.protobuf.Timestamp',
  'google.protobuf.Duration',
]);

export function isScalarName(name: string): name is ScalarName {
  return SCALAR_NAMES.has(name);
}

export function scalar(name: ScalarName): ValueType {
  return { kind: 'scalar', name };
}

export const BOOL = scalar('bool');
export const INT = scalar('int');
export const STRING = scalar('string');
export const TIMESTAMP = scalar('google.protobuf.Timestamp');
export const NOTHING: ValueType = { kind: 'nothing' };

/** The sizes are the limits that the protos set. */
const ATTRIBUTES: ValueType = { kind: 'map', key: STRING, value: STRING, sizeMax: 50 };

const MONEY: ValueType = {
  kind: 'record',
  name: 'Money',
  fields: { currency_code: STRING, minor_units: INT },
};

const ITEM: ValueType = {
  kind: 'record',
  name: 'TransactionItem',
  fields: {
    item_id: STRING,
    sku: STRING,
    categories: { kind: 'list', element: STRING, sizeMax: 20 },
    quantity: INT,
    amount: MONEY,
  },
};

const TRANSACTION: ValueType = {
  kind: 'record',
  name: 'Transaction',
  fields: {
    transaction_id: STRING,
    occur_time: TIMESTAMP,
    amount: MONEY,
    items: { kind: 'list', element: ITEM, sizeMax: 200 },
    channel: STRING,
    attributes: ATTRIBUTES,
  },
};

const MEMBER: ValueType = {
  kind: 'record',
  name: 'Member',
  fields: {
    user_id: STRING,
    attributes: ATTRIBUTES,
    join_time: TIMESTAMP,
    lifetime_earned: INT,
  },
};

/** The variables of a condition, by name. */
export type Vocabulary = Readonly<Record<string, ValueType>>;

export const EARN_RULE_VOCABULARY: Vocabulary = {
  transaction: TRANSACTION,
  member: MEMBER,
  now: TIMESTAMP,
};

export const REWARD_VOCABULARY: Vocabulary = { member: MEMBER, now: TIMESTAMP };

/** A type as people read it. */
export function typeText(type: ValueType): string {
  switch (type.kind) {
    case 'scalar':
      return type.name.replace('google.protobuf.', '').toLowerCase().replace('_type', '');
    case 'list':
      return `list(${typeText(type.element)})`;
    case 'map':
      return `map(${typeText(type.key)}, ${typeText(type.value)})`;
    case 'record':
      return type.name;
    case 'nothing':
      return 'nothing';
  }
}

export function isScalar(type: ValueType, name: ScalarName): boolean {
  return type.kind === 'scalar' && type.name === name;
}

export function isText(type: ValueType): boolean {
  return isScalar(type, 'string') || isScalar(type, 'bytes');
}

/** The type that both fit into; undefined when there is none. */
export function join(a: ValueType, b: ValueType): ValueType | undefined {
  if (a.kind === 'nothing') return b;
  if (b.kind === 'nothing') return a;
  if (a.kind === 'list' && b.kind === 'list') {
    const element = join(a.element, b.element);
    return element && { kind: 'list', element, sizeMax: Math.max(a.sizeMax, b.sizeMax) };
  }
  if (a.kind === 'map' && b.kind === 'map') {
    const [key, value] = [join(a.key, b.key), join(a.value, b.value)];
    if (key === undefined || value === undefined) return undefined;
    return { kind: 'map', key, value, sizeMax: Math.max(a.sizeMax, b.sizeMax) };
  }
  if (a.kind === 'scalar' && b.kind === 'scalar') return a.name === b.name ? a : undefined;
  if (a.kind === 'record' && b.kind === 'record') return a.name === b.name ? a : undefined;
  return undefined;
}
