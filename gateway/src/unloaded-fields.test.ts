import {
  create,
  type DescField,
  type DescMessage,
  type DescMethod,
  getOption,
  type Message,
} from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { writeMessage } from '@loyalty/platform/json/message-to-json.ts';
import { unloaded } from '@loyalty/proto/loyalty/options/v1/http_pb.ts';
import { readRoutes } from './routes-from-descriptors.ts';
import { unloadedFieldsOf } from './unloaded-fields.ts';
import { upstreamsOf } from './wiring.ts';

const targets = upstreamsOf({ programsAddress: '', ledgerAddress: '', webhooksAddress: '' });
const methods = readRoutes(targets.flatMap(({ services }) => services)).map(({ method }) => method);

/** A message whose messages are all there, one in each list; of alternatives the first. */
function filled(desc: DescMessage): Message {
  const init: Record<string, unknown> = {};
  for (const field of desc.fields) {
    const isAlternative = field.oneof !== undefined;
    if (isAlternative && field.oneof?.fields[0] !== field) continue;
    const value = filledValue(field);
    if (value === undefined) continue;
    if (field.oneof === undefined) init[field.localName] = value;
    else init[field.oneof.localName] = { case: field.localName, value };
  }
  return create(desc, init);
}

function filledValue(field: DescField): unknown {
  if (field.fieldKind === 'map' || field.message === undefined) return undefined;
  const { message } = field;
  const value = message.typeName.startsWith('google.') ? create(message) : filled(message);
  return field.fieldKind === 'list' ? [value] : value;
}

/** All paths in some JSON, by the names of the contract. */
function pathsIn(json: unknown, prefix = ''): string[] {
  if (Array.isArray(json)) return json.flatMap((item) => pathsIn(item, prefix));
  if (typeof json !== 'object' || json === null) return [];
  return Object.entries(json).flatMap(([name, value]) => {
    const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return [`${prefix}${snake}`, ...pathsIn(value, `${prefix}${snake}.`)];
  });
}

const leaving = methods.filter((method) => getOption(method, unloaded).length > 0);

test('some methods load less than others', () => {
  expect(leaving.length).toBeGreaterThan(0);
});

test.each(leaving.map((method): [string, DescMethod] => [method.name, method]))(
  '%s leaves out what it says, and nothing else',
  (_, method) => {
    const response = filled(method.output);
    const whole = pathsIn(writeMessage(method.output, response));
    const written = new Set(
      pathsIn(writeMessage(method.output, response, unloadedFieldsOf(method))),
    );
    const paths = getOption(method, unloaded);
    const isLeftOut = (path: string) =>
      paths.some((each) => path === each || path.startsWith(`${each}.`));
    const missing = whole.filter((path) => !written.has(path));
    expect(missing).toEqual(whole.filter(isLeftOut));
    expect(paths.filter((path) => !missing.includes(path))).toEqual([]);
  },
);

test('a method that names a field that there is not is refused at start', () => {
  const [method] = leaving;
  if (method === undefined) throw new Error('there is none');
  // What getOption reads of a method: its options with another output.
  const other = methods.find(({ name }) => name === 'GetBalance');
  const broken = Object.create(method, { output: { value: other?.output } }) as DescMethod;
  expect(() => unloadedFieldsOf(broken)).toThrow(/^unloaded: there is no /);
});
