// Rebuilds the balance of every member from the events alone, prints them, and ends when it has read all that there are.
import { fromBinary } from '@bufbuild/protobuf';
import { EntryRecordedSchema } from '@loyalty/client/proto/loyalty/events/v1/entry_recorded_pb.js';
import { connect } from 'nats';

const { host, username, password } = new URL(process.env['NATS_CONSUMER_URL'] ?? '');
const login = { user: username, pass: decodeURIComponent(password) };
const connection = await connect({ servers: host, ...login });

interface Account {
  member: string;
  points: { available: bigint; pending: bigint; reserved: bigint; deficit: bigint };
  /** The sequences of the entries that were counted. A database would keep them with the points, in one commit. */
  counted: Set<bigint>;
}
const accounts = new Map<string, Account>();

// An ordered consumer begins with the oldest event. One that goes on where it stopped is durable, and acknowledges.
const jetstream = connection.jetstream({ domain: 'loyalty' });
const consumer = await jetstream.consumers.get('LOYALTY_EVENTS');
for await (const { headers, data, info } of await consumer.consume()) {
  // Only the ids of entries are two numbers.
  if (/^\d+-\d+$/.test(headers?.get('ce-id') ?? '')) {
    const { programId, userId, membershipId, entry } = fromBinary(EntryRecordedSchema, data);
    const nothing = { available: 0n, pending: 0n, reserved: 0n, deficit: 0n };
    const opened = {
      member: `${programId}/${userId}`,
      points: nothing,
      counted: new Set<bigint>(),
    };
    const { points, counted } = accounts.get(membershipId) ?? opened;
    if (entry !== undefined && !counted.has(entry.sequence)) {
      for (const name of ['available', 'pending', 'reserved', 'deficit'] as const)
        points[name] += entry[name];
      accounts.set(membershipId, { ...opened, points, counted: counted.add(entry.sequence) });
    }
  }
  if (info.pending === 0) break;
}
for (const { member, points, counted } of accounts.values()) {
  // The sequences of a membership have no gaps, so that the newest one says how many there must be.
  const isWhole = [...counted].every((sequence) => sequence <= BigInt(counted.size));
  console.log(member, ...Object.values(points).map(String), isWhole ? 'whole' : 'with a gap');
}
await connection.close();
