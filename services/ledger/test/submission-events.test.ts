// What the ledger announces of messages that it can't apply.
import { fromBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '@loyalty/local/test-patience.ts';
import { createLogger } from '@loyalty/platform/logging.ts';
import { readStream } from '@loyalty/platform/messaging/read-stream.ts';
import { createPool } from '@loyalty/platform/postgres/pool.ts';
import {
  type SubmissionFailed,
  SubmissionFailedSchema,
} from '@loyalty/proto/loyalty/events/v1/submission_failed_pb.ts';
import { ErrorReason } from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';
import { verifyLedger } from '../src/verify/verify-ledger.ts';
import {
  admin,
  availablePoints,
  checkout,
  createMember,
  encodeEarn,
  purchase,
  refusalOf,
  type Setting,
  startSetting,
} from './running-ledger.ts';

let setting: Setting;
beforeAll(async () => {
  setting = await startSetting();
});
afterAll(() => setting.stop());

interface Announced {
  readonly id: string;
  readonly type: string;
  readonly requestId: string | undefined;
  readonly data: SubmissionFailed;
}

async function announced(programId: string): Promise<Announced[]> {
  const events: Announced[] = [];
  await readStream({
    nats: setting.nats,
    stream: 'LOYALTY_EVENTS',
    handle({ subject, header, data }) {
      if (!subject.startsWith(`loyalty.events.v1.${programId}.submission.`)) return;
      events.push({
        id: header('ce-id') ?? '',
        type: header('ce-type') ?? '',
        requestId: header('ce-requestid'),
        data: fromBinary(SubmissionFailedSchema, data),
      });
    },
  });
  return events;
}

const published = (programId: string, data: Uint8Array, direction = 'earn') =>
  setting.publisher.publish({
    subject: `loyalty.${direction}.v1.${programId}`,
    data,
    headers: { 'x-request-id': 'order-service-1' },
  });

test('a purchase that waits is announced at each attempt, and then that it was credited', async () => {
  const member = await createMember(setting);
  const { programId } = member;
  const { programs } = setting.clients;
  await programs.suspendProgram({ programId }, admin);
  const transaction = purchase(10_000);
  await eventually(async () => {
    const earn = setting.clients.ledger.earn({ ...member, transaction: purchase(0) }, checkout);
    expect(await refusalOf(earn)).toMatchObject({ reason: 'PROGRAM_NOT_ACTIVE' });
  });
  await published(programId, encodeEarn({ ...member, transaction }));
  await eventually(async () => expect((await announced(programId)).length).toBeGreaterThan(1));
  await programs.activateProgram({ programId }, admin);
  await eventually(async () => expect(await availablePoints(setting, member)).toBe(5n));

  const [first, second] = (await announced(programId)) as [Announced, ...Announced[]];
  const { deadLetterId, retryTime } = first.data;
  expect(first).toMatchObject({
    id: `${deadLetterId}-attempt-1`,
    type: 'loyalty.submission.waiting',
    requestId: 'order-service-1',
    data: { transactionId: transaction.transactionId, reason: ErrorReason.PROGRAM_NOT_ACTIVE },
  });
  expect(retryTime).toBeDefined();
  expect(second?.id).toBe(`${deadLetterId}-attempt-2`);
});

test('what can never be applied is announced as dead, again when it is replayed in vain', async () => {
  const { programId } = await createMember(setting);
  const unknown = { programId, userId: 'nobody', transaction: purchase(10_000) };
  await published(programId, encodeEarn(unknown));
  await eventually(async () => expect(await announced(programId)).toHaveLength(1));
  const [dead] = await announced(programId);
  const deadLetterId = dead?.data.deadLetterId ?? '';
  expect(dead).toMatchObject({
    type: 'loyalty.submission.dead',
    data: { reason: ErrorReason.MEMBERSHIP_NOT_FOUND, attempt: 1 },
  });
  expect(dead?.data.retryTime).toBeUndefined();
  await setting.clients.deadLetters.replayDeadLetter({ deadLetterId }, admin);
  await eventually(async () => {
    const events = await announced(programId);
    expect(events.map(({ id }) => id)).toEqual([
      `${deadLetterId}-attempt-1`,
      `${deadLetterId}-attempt-2`,
    ]);
  });
});

test('a refund and what can’t be read are announced with what is known of them', async () => {
  const { programId } = await createMember(setting);
  const refund = JSON.stringify({ programId, transactionId: 'order-7', refundId: 'refund-1' });
  await setting.publisher.publish({
    subject: `loyalty.refund.v1.${programId}`,
    data: Buffer.from(refund),
    headers: { 'Content-Type': 'application/json' },
  });
  await published(programId, Buffer.from('poison'));
  await published('Wine_Dine', Buffer.from('poison'));
  await eventually(async () => expect(await announced(programId)).toHaveLength(2));
  const byKind = (await announced(programId)).toSorted((a, b) => b.data.kind - a.data.kind);
  expect(byKind.map(({ data }) => data)).toMatchObject([
    { kind: 2, transactionId: 'order-7', refundId: 'refund-1' },
    { kind: 1, transactionId: '', refundId: '', reason: ErrorReason.VALIDATION_FAILED },
  ]);
  await eventually(async () => {
    const [event] = await announced('_');
    expect(event?.data).toMatchObject({ programId: '', subject: 'loyalty.earn.v1.Wine_Dine' });
  });
});

test('a verification of the ledger takes none of them for the event of an entry', async () => {
  const logger = createLogger({ name: 'test', level: 'silent' });
  const pool = createPool({ url: setting.databaseUrl, max: 2, applicationName: 'test', logger });
  try {
    expect(await verifyLedger(pool, { nats: setting.nats, onChecked: () => undefined })).toEqual(
      [],
    );
  } finally {
    await pool.end();
  }
});
