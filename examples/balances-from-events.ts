// Computes the balance of every member from the events alone, prints all balances, and ends after the last event there is.
import { fromBinary } from '@bufbuild/protobuf';
import {
  EntryRecordedSchema,
  type PointsAfter,
} from '@loyalty/client/proto/loyalty/events/v1/entry_recorded_pb.js';
import { connect } from 'nats';

const { host, username, password } = new URL(process.env['NATS_CONSUMER_URL'] ?? '');
const login = { user: username, pass: decodeURIComponent(password) };
const connection = await connect({ servers: host, ...login });

interface Balance {
  member: string;
  points: PointsAfter;
  /** Of the entry after which the member has these points. A database would keep both in one row. */
  sequence: bigint;
}
const balances = new Map<string, Balance>();

/** Entries can come twice, and out of order: the highest sequence wins. */
function remember(data: Uint8Array): void {
  const event = fromBinary(EntryRecordedSchema, data);
  const { programId, userId, membershipId, entry, pointsAfter: points } = event;
  const sequence = entry?.sequence ?? 0n;
  const known = balances.get(membershipId)?.sequence ?? 0n;
  if (points === undefined || sequence <= known) return;
  balances.set(membershipId, { member: `${programId}/${userId}`, points, sequence });
}

// An ordered consumer begins with the oldest event. One that goes on where it stopped is durable, and acknowledges.
const jetstream = connection.jetstream({ domain: 'loyalty' });
const consumer = await jetstream.consumers.get('LOYALTY_EVENTS');
const { num_pending: count } = await consumer.info();
if (count > 0) {
  for await (const { headers, data, info } of await consumer.consume()) {
    // Only the ids of entries are two numbers.
    if (/^\d+-\d+$/.test(headers?.get('ce-id') ?? '')) remember(data);
    if (info.pending === 0) break;
  }
}
for (const { member, points } of balances.values()) {
  const { available, pending, reserved, deficit } = points;
  console.log(member, ...[available, pending, reserved, deficit].map(String));
}
await connection.close();
