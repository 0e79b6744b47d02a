import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type DescField,
  type DescMessage,
  type FileRegistry,
  ScalarType,
} from '@bufbuild/protobuf';
import { root } from './commands.ts';
import { contractRegistry } from './contract-registry.ts';
import { type EventType, eventTypes } from './event-types.ts';
import { type CommentReader, createCommentReader } from './openapi/texts.ts';

/** From the project's top. */
export const eventDocsFile = 'docs/events.md';

const recordedFile = 'scripts/event-examples.json';
const programFile = 'examples/balances-from-events.ts';

/** An event with its data as protobuf JSON. */
export interface EventExample {
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly data: unknown;
}

/** The page, from the contracts and the recorded events as they are now; throws a Finding of buf's messages when a contract has an error. */
export async function eventDocs(): Promise<string> {
  const registry = await contractRegistry();
  const examples = await eventExamples();
  const program = await readFile(join(root, programFile), 'utf8');
  const read = createCommentReader(registry);
  const messages = [...new Set(eventTypes.map(({ data }) => data))].map((name) =>
    messageOf(registry, `loyalty.events.v1.${name}`),
  );
  return `${[
    introduction(program),
    '## All events',
    overview(),
    ...eventTypes.flatMap((event) => section(event, examples)),
    '## Data',
    dataIntroduction,
    ...withParts(messages, read).flatMap((message) => fieldTable(message, read)),
  ].join('\n\n')}\n`;
}

/** One event of each type, as it was recorded; those that take days to happen are written here. */
export async function eventExamples(): Promise<Readonly<Record<string, EventExample>>> {
  const recorded = JSON.parse(await readFile(join(root, recordedFile), 'utf8'));
  return {
    ...recorded,
    'points.expiring': notice('expiring', '2026-12-31', '2026-12-31T23:00:00Z'),
    'points.maturing': notice('maturing', '2026-03-15', '2026-03-14T23:00:00Z'),
    'webhook.disabled': disabledWebhook,
  };
}

const disabledWebhook: EventExample = {
  subject: 'loyalty.events.v1.corner-cafe.webhook.disabled',
  headers: {
    'ce-specversion': '1.0',
    'ce-id': '5b1f7a86-4f0e-4a37-9d0e-2f3f8b9d8c11-disabled-1772389800000',
    'ce-source': '/webhooks',
    'ce-type': 'loyalty.webhook.disabled',
    'ce-time': '2026-03-01T18:30:00.000Z',
    'ce-subject': '5b1f7a86-4f0e-4a37-9d0e-2f3f8b9d8c11',
    'ce-actor': 'system',
    'ce-requestid': '',
    'content-type': 'application/protobuf',
  },
  data: {
    programId: 'corner-cafe',
    webhookId: '5b1f7a86-4f0e-4a37-9d0e-2f3f8b9d8c11',
    description: 'the newsletter',
    reason: 'FAILING',
    failingSince: '2026-02-24T18:29:12Z',
  },
};

function notice(kind: string, date: string, time: string): EventExample {
  const membershipId = '17';
  return {
    subject: `loyalty.events.v1.corner-cafe.points.${kind}`,
    headers: {
      'ce-specversion': '1.0',
      'ce-id': `${membershipId}-${kind}-${date}`,
      'ce-source': '/ledger',
      'ce-type': `loyalty.points.${kind}`,
      'ce-time': '2026-03-01T18:30:00.000Z',
      'ce-subject': membershipId,
      'ce-actor': 'system',
      'ce-requestid': '',
      'content-type': 'application/protobuf',
    },
    data: {
      ...{ programId: 'corner-cafe', userId: 'anna', membershipId },
      ...{ points: '23', date, time, timeZone: 'Europe/Paris' },
      unit: { singular: 'bean', plural: 'beans' },
      attributes: { tier: 'gold' },
    },
  };
}

const introduction = (
  program: string,
) => `<!-- Written by \`npm run generate\` from proto/loyalty/events/v1, ${recordedFile} and ${programFile}. -->
# Events

The platform publishes everything that happens to members and their points as events on the JetStream stream
\`LOYALTY_EVENTS\`: each as a [CloudEvent](https://cloudevents.io) in the binding for NATS, with protobuf data. The stream
keeps them for seven days unless you change it.

- [Connect](#connect): the account for consumers
- [Subjects and headers](#subjects-and-headers)
- [Ids](#ids): what they mean, and what they are unique among
- [Delivery and order](#delivery-and-order): what you can rely on
- [Once each, without gaps](#once-each-without-gaps): how to consume
- [Example: compute all balances from events](#example-compute-all-balances-from-events)
- [All events](#all-events), and [their data](#data)

## Connect

The NATS user \`consumer\` may read \`LOYALTY_EVENTS\` with a consumer of its own and do nothing else: it can't publish, and
sees no other stream. On your machine, \`. .local/env\` sets \`NATS_CONSUMER_URL\`; [deploy](deploy.md#nats) has the accounts.
The user is in an account without a stream of its own, so the client has to name the JetStream domain \`loyalty\`:
\`connection.jetstream({ domain: 'loyalty' })\` in JavaScript, \`connection.jetstream(domain="loyalty")\` in Python,
\`jetstream.NewWithDomain(connection, "loyalty")\` in Go, \`nats --js-domain loyalty\` on the command line.

Use a pull consumer: an *ordered* one stores no position and begins where you say; a *durable* one continues after the
last event that it acknowledged. Its name must not be \`webhooks\`, which belongs to the platform.

## Subjects and headers

A subject is \`loyalty.events.v1.{program_id}.{type}\`, such as \`loyalty.events.v1.wine-dine.points.earned\`: filter by
\`loyalty.events.v1.wine-dine.>\` for one program, and by \`loyalty.events.v1.*.points.*\` for the points of all. If
the subject of a submission has no valid program id, its event has \`_\` in that place, which can't be a program's id: no webhook gets it.

| header | |
|---|---|
| \`ce-id\` | the event's [id](#ids) |
| \`ce-type\` | \`loyalty.\` and the type, such as \`loyalty.points.earned\` |
| \`ce-source\` | \`/ledger\`; \`/programs\` for \`program.changed\`; \`/webhooks\` for \`webhook.disabled\` |
| \`ce-subject\` | what the id begins with: the membership, the dead letter, the program or the webhook |
| \`ce-time\` | when it happened |
| \`ce-actor\` | who caused it, such as \`service:checkout\`; \`member\` for members themselves, \`system\` for the passing of time |
| \`ce-requestid\` | the id of the request that caused it; empty for \`system\`, where a webhook's JSON leaves it out |
| \`ce-specversion\` | \`1.0\` |
| \`content-type\` | \`application/protobuf\` |

In \`ce-actor\` and \`ce-requestid\`, characters other than printable ASCII are percent-encoded, as CloudEvents requires.
New headers, types and fields may be added: ignore those that you don't know.

## Ids

| events | id | |
|---|---|---|
| of journal entries: \`membership.*\`, \`redemption.*\`, and \`points.*\` but the notices | \`{membership}-{sequence}\` | the sequence is the entry's number in the membership's journal: from 1, without gaps |
| \`points.expiring\`, \`points.maturing\` | \`{membership}-expiring-{date}\`, \`{membership}-maturing-{date}\` | one for each date in the program's time zone |
| \`submission.*\` | \`{dead letter}-attempt-{attempt}\` | attempts of a dead letter are numbered from 1; an attempt that succeeds has no event of its own |
| \`program.changed\` | \`{program}-{revision}\` | revisions of a program have no gaps |
| \`webhook.disabled\` | \`{webhook}-disabled-{milliseconds since 1970}\` | |

No two events have the same id, and an event that is published again has the same id and the same bytes.

## Delivery and order

- **At least once.** The database transaction that makes a change also records that it has an event, which is published
  after the commit. None is lost, and none is published for something that didn't happen. An event can come twice: when a
  process ends after it has published the event and before it has recorded that, or when your consumer doesn't acknowledge
  in time. JetStream drops a repeat within two minutes.
- **The order of a membership is that of the sequences**, not that of the stream: with several ledgers, entry 8 can be
  published before entry 7. Across memberships there is no order.
- **Notices and submissions have no place in that order.** A notice says what the balance was when it was given, and isn't
  taken back when the points are spent. If it is old, compare it with the balance.
- **Nothing waits for consumers.** Without NATS, events stay in the database and are published later.
- **A balance can be ahead of the events.** Points mature and expire, and holds end, at their time. \`GetBalance\` counts that
  from that instant on; the entry and its event are written by a job a little later, or with the member's next change. So
  don't take a balance that differs for a lost event. If you have to know the points at an instant, ask for the balance;
  the dates in \`lotChanges\`, and \`holdExpireTime\`, say beforehand when it will change.

## Once each, without gaps

- **To keep a balance**, store the sequence of its event with it, and overwrite both only with a higher sequence:
  \`pointsAfter\` has all four balances, so nothing has to be added up, and repeated or reordered events do no harm.
- **To count each event once**, keep its id with what you change, in one commit, and skip an id that is there. For the
  events of a membership one number is enough if you apply them in order: the sequence of the last one applied. Skip what
  isn't higher, and set aside what is more than one higher until the others have arrived.
- **A gap** is a sequence that is missing below one that you have. Wait a minute: another ledger may publish it late. After
  that, the stream has probably dropped it before you read it. Read the member's events from the first missing sequence on
  with \`ReadJournal\` (gRPC).
- **Acknowledge after your commit**, never before.
- **The journal has what the stream has dropped.** \`ReadJournal\` returns the events of a program's entries from the first
  on, [with the bytes that they were published with](ledger.md#events-that-can-be-read-again). To start later, read the
  journal up to a minute ago and then the whole stream, and count each id once.

## Example: compute all balances from events

It needs [\`@loyalty/client\`](../clients/typescript/README.md#install), which has the compiled contracts, and two more packages. In
the folder of your project, after \`npm init -y\` and with the client installed:

\`\`\`sh
npm pkg set type=module
npm install nats@2 @bufbuild/protobuf@2
node balances-from-events.ts
\`\`\`

Node.js runs TypeScript from 22.18 on; with an older one it is \`npx tsx balances-from-events.ts\`. A test compares each line
that it prints with \`GetBalance\`.

\`balances-from-events.ts\`:

\`\`\`ts
${program}\`\`\``;

const dataIntroduction = `The fields of all data, by their JSON names; the messages are in
[proto/loyalty/events/v1](../proto/loyalty/events/v1), and \`npm run protos\` exports them for any language.`;

function overview(): string {
  const rows = eventTypes.map(
    ({ type, data, when }) =>
      `| [\`${type}\`](#${anchorOf(type)}) | [${data}](#${messageAnchorOf(data)}) | ${when} |`,
  );
  return ['| type | data | when |', '|---|---|---|', ...rows].join('\n');
}

function section(
  { type, data, when }: EventType,
  examples: Readonly<Record<string, EventExample>>,
): string[] {
  const example = examples[type];
  if (example === undefined)
    throw new Error(`${recordedFile} has no event ${type}: npm run examples`);
  return [
    `### ${type}`,
    when,
    `Subject \`loyalty.events.v1.{program_id}.${type}\` · type \`loyalty.${type}\` · data [${data}](#${messageAnchorOf(data)})`,
    `\`\`\`json\n${JSON.stringify(example, undefined, 2)}\n\`\`\``,
  ];
}

/** As headings are linked to: in lower case, without periods. */
function anchorOf(heading: string): string {
  return heading.toLowerCase().replaceAll('.', '');
}

function messageAnchorOf(name: string): string {
  return `message-${name.toLowerCase()}`;
}

function messageOf(registry: FileRegistry, typeName: string): DescMessage {
  const message = registry.getMessage(typeName);
  if (message === undefined) throw new Error(`The contracts have no message ${typeName}`);
  return message;
}

/** The messages with those that their fields are made of, each once, a part behind what it is part of. */
function withParts(messages: readonly DescMessage[], read: CommentReader): DescMessage[] {
  const all = new Set<DescMessage>();
  const add = (message: DescMessage) => {
    if (all.has(message) || !isOurs(message)) return;
    all.add(message);
    for (const field of fieldsOf(message, read)) {
      if (field.message !== undefined) add(field.message);
    }
  };
  for (const message of messages) add(message);
  return [...all];
}

/** Without those that only lists and responses have, as their comments say. */
function fieldsOf({ fields }: DescMessage, read: CommentReader): DescField[] {
  return fields.filter((field) => !/\b(?:Not|Empty) in events\b/.test(read(field)));
}

function isOurs({ typeName }: DescMessage): boolean {
  return typeName.startsWith('loyalty.');
}

function fieldTable(message: DescMessage, read: CommentReader): string[] {
  const rows = fieldsOf(message, read).map(
    (field) => `| \`${field.jsonName}\` | ${typeOf(field)} | ${cell(read(field))} |`,
  );
  return [
    `### Message ${message.name}`,
    read(message),
    ...(rows.length === 0 ? [] : [['| field | type | |', '|---|---|---|', ...rows].join('\n')]),
  ];
}

function typeOf(field: DescField): string {
  switch (field.fieldKind) {
    case 'list':
      return `list of ${elementOf(field)}`;
    case 'map':
      return `map of ${elementOf(field)}`;
    default:
      return elementOf(field);
  }
}

function elementOf(field: DescField): string {
  if (field.message !== undefined) {
    const { name } = field.message;
    return isOurs(field.message) ? `[${name}](#${messageAnchorOf(name)})` : name;
  }
  if (field.enum !== undefined) {
    // The reasons are on a page of their own.
    if (field.enum.name === 'ErrorReason') return '[reason](errors.md)';
    const names = field.enum.values.filter(({ number }) => number !== 0).map(({ name }) => name);
    return names.map((name) => `\`${name}\``).join(', ');
  }
  return field.scalar === undefined ? '' : (ScalarType[field.scalar] ?? '').toLowerCase();
}

/** Text that doesn't end the cell of a table. */
function cell(text: string): string {
  return text.replaceAll('\n\n', ' ').replaceAll('|', '\\|');
}
