import { create, toBinary } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { EntryRecordedSchema } from '@loyalty/proto/loyalty/events/v1/entry_recorded_pb.ts';
import { ProgramChangedSchema } from '@loyalty/proto/loyalty/events/v1/program_changed_pb.ts';
import { SubmissionFailedSchema } from '@loyalty/proto/loyalty/events/v1/submission_failed_pb.ts';
import { Entry_Kind } from '@loyalty/proto/loyalty/ledger/v1/entry_pb.ts';
import { type PublishedEvent, webhookEvent } from './webhook-event.ts';

function published(type: string, data: Uint8Array, changes: Record<string, string> = {}) {
  const headers: Record<string, string> = {
    'ce-specversion': '1.0',
    'ce-id': '12-3',
    'ce-source': '/ledger',
    'ce-type': `loyalty.${type}`,
    'ce-time': '2026-01-01T00:00:00.000Z',
    'ce-subject': '12',
    'ce-requestid': 'r-1',
    'ce-actor': 'service:Zo%C3%AB',
    ...changes,
  };
  return {
    subject: `loyalty.events.v1.wine-dine.${type}`,
    data,
    header: (name: string) => headers[name] || undefined,
  } satisfies PublishedEvent;
}

const earned = toBinary(
  EntryRecordedSchema,
  create(EntryRecordedSchema, {
    programId: 'wine-dine',
    userId: 'alice',
    membershipId: '12',
    entry: { sequence: 3n, kind: Entry_Kind.EARN, points: 10n },
    pointsAfter: { available: 9_007_199_254_740_991n },
  }),
);

test('the body is a CloudEvent whose data is written as the gateway writes JSON', () => {
  const event = webhookEvent(published('points.earned', earned));
  expect(event).toMatchObject({ programId: 'wine-dine', eventId: '12-3', type: 'points.earned' });
  expect(JSON.parse(event?.body ?? '')).toMatchObject({
    specversion: '1.0',
    id: '12-3',
    source: '/ledger',
    type: 'loyalty.points.earned',
    subject: '12',
    time: '2026-01-01T00:00:00.000Z',
    requestid: 'r-1',
    actor: 'service:Zoë',
    datacontenttype: 'application/json',
    data: {
      programId: 'wine-dine',
      userId: 'alice',
      entry: { sequence: 3, kind: 'EARN', points: 10 },
      pointsAfter: { available: 9_007_199_254_740_991, pending: 0 },
    },
  });
});

test('what is empty is left out', () => {
  const bySystem = { 'ce-requestid': '', 'ce-actor': 'system' };
  const body = JSON.parse(webhookEvent(published('points.earned', earned, bySystem))?.body ?? '');
  expect(body).not.toHaveProperty('requestid');
  expect(body).toHaveProperty('actor', 'system');
});

test('the same event makes the same bytes', () => {
  const bodies = [1, 2].map(() => webhookEvent(published('points.earned', earned))?.body);
  expect(bodies[0]).toBe(bodies[1]);
});

test('events of programs are decoded by their own type', () => {
  const message = create(ProgramChangedSchema, { programId: 'wine-dine', revision: 7n });
  const event = webhookEvent(published('program.changed', toBinary(ProgramChangedSchema, message)));
  expect(JSON.parse(event?.body ?? '').data).toEqual({ programId: 'wine-dine', revision: 7 });
});

test('a failed submission that names no program is read, and is of a program that has no webhooks', () => {
  const data = toBinary(SubmissionFailedSchema, create(SubmissionFailedSchema, { attempt: 1 }));
  const subject = 'loyalty.events.v1._.submission.dead';
  const event = webhookEvent({ ...published('submission.dead', data), subject });
  expect(event).toMatchObject({ programId: '_', type: 'submission.dead' });
});

test('an unknown type is skipped', () => {
  expect(webhookEvent(published('points.teleported', earned))).toBeUndefined();
  expect(webhookEvent({ ...published('points.earned', earned), subject: 'else' })).toBeUndefined();
});

test('one that lacks its id is refused', () => {
  expect(() => webhookEvent(published('points.earned', earned, { 'ce-id': '' }))).toThrow('ce-id');
});
