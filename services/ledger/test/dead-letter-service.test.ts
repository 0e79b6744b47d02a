import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@loyalty/local/test-patience.ts';
import { RefundRequestedSchema } from '@loyalty/proto/loyalty/events/v1/refund_requested_pb.ts';
import {
  type DeadLetter,
  DeadLetter_State,
} from '@loyalty/proto/loyalty/ledger/v1/dead_letter_pb.ts';
import { Refund_State } from '@loyalty/proto/loyalty/ledger/v1/earn_pb.ts';
import { ErrorReason } from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';
import { createCustomMember, createCustomProgram } from './custom-program.ts';
import { type MovingSetting, startMovingSetting } from './moving-clock.ts';
import {
  admin,
  availablePoints,
  checkout,
  encodeEarn,
  purchase,
  refusalOf,
  tokenOf,
} from './running-ledger.ts';

let setting: MovingSetting;
beforeAll(async () => {
  setting = await startMovingSetting();
});
afterAll(() => setting.stop());

const { DEAD, WAITING, REPLAYED, DISCARDED } = DeadLetter_State;

async function publish(kind: 'earn' | 'refund', programId: string, data: Uint8Array | string) {
  const json = typeof data === 'string';
  await setting.publisher.publish({
    subject: `loyalty.${kind}.v1.${programId}`,
    data: Buffer.from(data),
    ...(json && { headers: { 'Content-Type': 'application/json' } }),
  });
}

const encodeRefund = (event: MessageInitShape<typeof RefundRequestedSchema>) =>
  toBinary(RefundRequestedSchema, create(RefundRequestedSchema, event));

/** The dead letters of a program that wait or are dead, once there are `count`. */
async function lettersOf(programId: string, count: number): Promise<DeadLetter[]> {
  return await eventually(async () => {
    const { deadLetters } = await setting.clients.deadLetters.listDeadLetters({ programId }, admin);
    const undecided = deadLetters.filter(({ state }) => state === WAITING || state === DEAD);
    expect(undecided).toHaveLength(count);
    return undecided;
  });
}

/** A program with a purchase of bob, who never joined, on the stream. */
async function purchaseOfNobody() {
  const { programId } = await createCustomMember(setting);
  const event = { programId, userId: 'bob', transaction: purchase(1_000) };
  await publish('earn', programId, encodeEarn(event));
  const [letter] = await lettersOf(programId, 1);
  return { programId, event, letter, deadLetterId: letter?.deadLetterId ?? '' };
}

describe('dead letters', () => {
  test('are shown with what came and why it could not be applied', async () => {
    const { programId, event, letter, deadLetterId } = await purchaseOfNobody();
    expect(letter).toMatchObject({
      state: DEAD,
      subject: `loyalty.earn.v1.${programId}`,
      programId,
      transactionId: event.transaction.transactionId,
      reason: ErrorReason.MEMBERSHIP_NOT_FOUND,
      attempts: 1,
      payload: new Uint8Array(),
    });
    expect(letter?.retryTime).toBeUndefined();
    expect(letter?.detail).toContain('member');
    const { deadLetter } = await setting.clients.deadLetters.getDeadLetter({ deadLetterId }, admin);
    expect(deadLetter).toEqual({ ...letter, payload: encodeEarn(event) });
  });

  test('are listed newest first, page by page, by program and state', async () => {
    const programId = await createCustomProgram(setting, {});
    for (const data of ['{"a":1}', '{"b":2}', '{"c":3}']) await publish('earn', programId, data);
    const letters = await lettersOf(programId, 3);
    const ids = letters.map(({ deadLetterId }) => Number(deadLetterId));
    expect(ids).toEqual(ids.toSorted((a, b) => b - a));
    const { deadLetters } = setting.clients;
    const query = { programId, state: DEAD, pageSize: 2 };
    const first = await deadLetters.listDeadLetters(query, admin);
    const pageToken = first.nextPageToken;
    const second = await deadLetters.listDeadLetters({ ...query, pageToken }, admin);
    expect([...first.deadLetters, ...second.deadLetters]).toEqual(letters);
    expect(second.nextPageToken).toBe('');
    const waiting = await deadLetters.listDeadLetters({ programId, state: WAITING }, admin);
    expect(waiting.deadLetters).toEqual([]);
    const all = await deadLetters.listDeadLetters({ pageSize: 3 }, admin);
    expect(all.deadLetters).toEqual(letters);
  });

  test('are listed by reason, page by page, of all programs and of one', async () => {
    const { programId, event } = await purchaseOfNobody();
    const { deadLetters } = setting.clients;
    await publish('earn', programId, '{"a":1}');
    await lettersOf(programId, 2);
    await publish('earn', programId, encodeEarn({ ...event, transaction: purchase(1) }));
    await lettersOf(programId, 3);
    const reason = ErrorReason.MEMBERSHIP_NOT_FOUND;
    const listed = async (query: { programId?: string; pageToken?: string }) =>
      await deadLetters.listDeadLetters({ reason, pageSize: 1, ...query }, admin);
    for (const query of [{}, { programId }]) {
      const first = await listed(query);
      const second = await listed({ ...query, pageToken: first.nextPageToken });
      const found = [...first.deadLetters, ...second.deadLetters];
      expect(found).toMatchObject([
        { programId, reason },
        { programId, reason },
      ]);
      expect(found[0]?.deadLetterId).not.toBe(found[1]?.deadLetterId);
      const another = { ...query, reason: ErrorReason.VALIDATION_FAILED };
      const { nextPageToken: pageToken } = first;
      const call = deadLetters.listDeadLetters({ ...another, pageSize: 1, pageToken }, admin);
      expect(await refusalOf(call)).toMatchObject({
        reason: 'VALIDATION_FAILED',
      });
    }
  });

  test('of a refund that can’t be read name their transaction', async () => {
    const programId = await createCustomProgram(setting, {});
    await publish('refund', programId, '{"transactionId":"order-1","refundId":"r1","fulll":{}}');
    expect(await lettersOf(programId, 1)).toMatchObject([
      { transactionId: 'order-1', detail: expect.stringMatching(/^fulll: is not a field here/) },
    ]);
  });

  test('that are replayed are applied, once nothing is in their way any more', async () => {
    const { programId, event, deadLetterId } = await purchaseOfNobody();
    const { deadLetters, memberships } = setting.clients;
    await deadLetters.replayDeadLetter({ deadLetterId }, admin);
    const [still] = await lettersOf(programId, 1);
    expect(still).toMatchObject({ state: DEAD, attempts: 2 });

    const bob = { programId, userId: 'bob' };
    await memberships.joinProgram(bob, checkout);
    const why = 'bob has joined';
    const request = { deadLetterId, why };
    const { deadLetter } = await deadLetters.replayDeadLetter(request, {
      ...admin,
      requestId: 'replay-1',
    });
    expect(deadLetter).toMatchObject({
      ...{ deadLetterId, state: REPLAYED, attempts: 3, payload: encodeEarn(event) },
      decision: { actor: 'admin:ann', requestId: 'replay-1', why },
    });
    expect(await availablePoints(setting, bob)).toBe(10n);
    expect(await lettersOf(programId, 0)).toEqual([]);
    const { deadLetter: again } = await deadLetters.replayDeadLetter({ deadLetterId }, admin);
    expect(again).toEqual(deadLetter);
    expect(await refusalOf(deadLetters.discardDeadLetter({ deadLetterId }, admin))).toMatchObject({
      reason: 'ILLEGAL_TRANSITION',
      metadata: { from: 'REPLAYED', to: 'DISCARDED' },
    });
    const { ledger } = setting.clients;
    const { transactionId } = event.transaction;
    const { earn } = await ledger.getEarn({ programId, transactionId }, admin);
    expect(earn?.unappliedReport).toBeUndefined();
  });

  test('that are replayed forty times at once are applied once', async () => {
    const { programId, deadLetterId } = await purchaseOfNobody();
    const bob = { programId, userId: 'bob' };
    await setting.clients.memberships.joinProgram(bob, checkout);
    await Promise.allSettled(
      Array.from({ length: 40 }, () =>
        setting.clients.deadLetters.replayDeadLetter({ deadLetterId }, admin),
      ),
    );
    expect(await availablePoints(setting, bob)).toBe(10n);
    await lettersOf(programId, 0);
  });

  test('that can wait for something wait once they are replayed', async () => {
    const { programId, deadLetterId } = await purchaseOfNobody();
    const { deadLetters, memberships } = setting.clients;
    const bob = { programId, userId: 'bob' };
    await memberships.joinProgram(bob, checkout);
    await memberships.suspendMembership(bob, admin);
    const { deadLetter } = await deadLetters.replayDeadLetter({ deadLetterId }, admin);
    const [letter] = await lettersOf(programId, 1);
    expect(letter).toMatchObject({ state: WAITING, reason: ErrorReason.MEMBERSHIP_SUSPENDED });
    expect(letter?.retryTime).toBeDefined();
    expect(deadLetter).toMatchObject({ state: WAITING, attempts: 2 });
    expect(deadLetter?.decision).toBeUndefined();
    await memberships.resumeMembership(bob, admin);
    await deadLetters.replayDeadLetter({ deadLetterId }, admin);
    expect(await availablePoints(setting, bob)).toBe(10n);
  });

  test('that are discarded stay with who decided and why, and are not tried again', async () => {
    const { programId, event, deadLetterId } = await purchaseOfNobody();
    const { deadLetters, ledger, memberships } = setting.clients;
    const why = 'a test of the shop';
    const { deadLetter } = await deadLetters.discardDeadLetter({ deadLetterId, why }, admin);
    expect(deadLetter).toMatchObject({
      ...{ state: DISCARDED, attempts: 1, payload: encodeEarn(event) },
      decision: { actor: 'admin:ann', why },
    });
    expect(deadLetter?.decision?.decideTime).toBeDefined();
    await lettersOf(programId, 0);
    for (const query of [{ programId }, { programId, state: DISCARDED }]) {
      expect((await deadLetters.listDeadLetters(query, admin)).deadLetters).toEqual([
        { ...deadLetter, payload: new Uint8Array() },
      ]);
    }
    const other = { deadLetterId, why: 'another' };
    expect((await deadLetters.discardDeadLetter(other, admin)).deadLetter).toEqual(deadLetter);
    await memberships.joinProgram({ programId, userId: 'bob' }, checkout);
    expect(await refusalOf(deadLetters.replayDeadLetter({ deadLetterId }, admin))).toMatchObject({
      reason: 'ILLEGAL_TRANSITION',
      metadata: { from: 'DISCARDED', to: 'REPLAYED' },
    });
    const { transactionId } = event.transaction;
    expect(await refusalOf(ledger.getEarn({ programId, transactionId }, admin))).toMatchObject({
      ...{ reason: 'EARN_NOT_POSTED', metadata: {} },
    });
  });

  test('show in the metrics how many there are and how long they have waited', async () => {
    const metrics = async () => await (await fetch(`${setting.managementUrl}/metrics`)).text();
    const deadFor = async (reason: string) => {
      const labels = `state="DEAD",reason="${reason}",service="ledger"`;
      const found = new RegExp(`^dead_letters\\{${labels}\\} (\\d+)$`, 'm');
      return Number(found.exec(await metrics())?.[1] ?? 0);
    };
    const before = await deadFor('MEMBERSHIP_NOT_FOUND');
    const { deadLetterId } = await purchaseOfNobody();
    expect(await deadFor('MEMBERSHIP_NOT_FOUND')).toBe(before + 1);
    expect(await metrics()).toMatch(
      /^dead_letters_oldest_seconds\{state="DEAD",service="ledger"\} (?!0$)[\d.e-]+$/m,
    );
    await setting.clients.deadLetters.discardDeadLetter({ deadLetterId }, admin);
    expect(await deadFor('MEMBERSHIP_NOT_FOUND')).toBe(before);
  });

  test('that never were are not found', async () => {
    const { deadLetters } = setting.clients;
    for (const deadLetterId of ['999999', '0', '-1', '1e3', 'x', '9'.repeat(64)]) {
      for (const call of [
        deadLetters.getDeadLetter({ deadLetterId }, admin),
        deadLetters.replayDeadLetter({ deadLetterId }, admin),
        deadLetters.discardDeadLetter({ deadLetterId }, admin),
      ]) {
        expect(await refusalOf(call)).toMatchObject({ reason: 'DEAD_LETTER_NOT_FOUND' });
      }
    }
  });

  test('are for admins and services, and for those of their program only', async () => {
    const { programId, deadLetterId } = await purchaseOfNobody();
    const { deadLetters } = setting.clients;
    const elsewhere = await tokenOf('admin', 'eve', ['another-program']);
    const here = await tokenOf('admin', 'ann', [programId]);
    const shop = await tokenOf('service', 'shop', [programId]);
    const shopElsewhere = await tokenOf('service', 'shop', ['another-program']);
    const unseen = await Promise.all(
      [
        deadLetters.getDeadLetter({ deadLetterId }, elsewhere),
        deadLetters.replayDeadLetter({ deadLetterId }, elsewhere),
        deadLetters.discardDeadLetter({ deadLetterId }, elsewhere),
        deadLetters.getDeadLetter({ deadLetterId }, shopElsewhere),
      ].map(refusalOf),
    );
    expect(new Set(unseen.map(({ reason }) => reason))).toEqual(new Set(['DEAD_LETTER_NOT_FOUND']));
    expect(await refusalOf(deadLetters.listDeadLetters({ programId }, elsewhere))).toMatchObject({
      reason: 'PERMISSION_DENIED',
    });
    expect((await deadLetters.listDeadLetters({ programId }, here)).deadLetters).toHaveLength(1);
    const all = await deadLetters.listDeadLetters({}, here);
    expect(all.deadLetters.map((letter) => letter.deadLetterId)).toEqual([deadLetterId]);
    expect((await deadLetters.listDeadLetters({}, elsewhere)).deadLetters).toEqual([]);
    const state = DEAD;
    expect((await deadLetters.listDeadLetters({ state }, here)).deadLetters).toHaveLength(1);
    for (const caller of [shop, checkout, here]) {
      await deadLetters.getDeadLetter({ deadLetterId }, caller);
      const { deadLetters: seen } = await deadLetters.listDeadLetters({ programId }, caller);
      expect(seen).toMatchObject([{ deadLetterId }]);
    }
    expect((await deadLetters.listDeadLetters({}, shop)).deadLetters).toMatchObject([
      { deadLetterId },
    ]);
    expect((await deadLetters.listDeadLetters({}, shopElsewhere)).deadLetters).toEqual([]);
    const alice = await tokenOf('member', 'alice', [programId]);
    const refusals = await Promise.all(
      [
        deadLetters.getDeadLetter({ deadLetterId }, alice),
        deadLetters.listDeadLetters({ programId }, alice),
        deadLetters.replayDeadLetter({ deadLetterId }, shop),
        deadLetters.discardDeadLetter({ deadLetterId }, shop),
        deadLetters.listDeadLetters({ programId }, shopElsewhere),
      ].map(refusalOf),
    );
    expect(new Set(refusals.map(({ reason }) => reason))).toEqual(new Set(['PERMISSION_DENIED']));
  });
});

describe('a refund on the stream', () => {
  const full = { case: 'full', value: {} } as const;
  const amount = (minorUnits: bigint) =>
    ({ case: 'amount', value: { currencyCode: 'USD', minorUnits } }) as const;
  const items = (...itemIds: string[]) =>
    ({
      case: 'items',
      value: { items: itemIds.map((itemId) => ({ itemId, quantity: 1 })) },
    }) as const;

  async function posted() {
    const member = await createCustomMember(setting);
    const transaction = purchase(10_000);
    await setting.clients.ledger.earn({ ...member, transaction }, checkout);
    return { member, programId: member.programId, transactionId: transaction.transactionId };
  }

  test('is applied, as protobuf and as JSON, once', async () => {
    const { member, programId, transactionId } = await posted();
    const event = { programId, transactionId, refundId: 'r1', extent: amount(1_000n) };
    for (let index = 0; index < 3; index++) {
      await publish('refund', programId, encodeRefund(event));
    }
    const items = { currencyCode: 'USD', minorUnits: '2000' };
    const json = { programId, transactionId, refundId: 'r2', amount: items };
    await publish('refund', programId, JSON.stringify(json));
    await eventually(async () => expect(await availablePoints(setting, member)).toBe(70n));
    const { earn } = await setting.clients.ledger.getEarn({ programId, transactionId }, checkout);
    expect(earn?.refunds).toHaveLength(2);
    await lettersOf(programId, 0);
  });

  test('before its purchase waits for it, and is no dead letter', async () => {
    const member = await createCustomMember(setting);
    const { programId } = member;
    const transaction = purchase(10_000);
    const { transactionId } = transaction;
    await publish(
      'refund',
      programId,
      encodeRefund({ programId, transactionId, refundId: 'r1', extent: full }),
    );
    const { ledger } = setting.clients;
    await eventually(async () => {
      const { refunds } = await ledger.listWaitingRefunds({ programId }, checkout);
      expect(refunds).toMatchObject([{ transactionId, state: Refund_State.WAITING }]);
    });
    await publish('earn', programId, encodeEarn({ ...member, transaction }));
    await eventually(async () => {
      const { earn } = await ledger.getEarn({ programId, transactionId }, checkout);
      expect(earn).toMatchObject({ points: 100n, reversedPoints: 100n });
    });
    await lettersOf(programId, 0);
  });

  test('that can’t be applied is kept, with its reason', async () => {
    const { member, programId, transactionId } = await posted();
    const event = { programId, transactionId, refundId: 'r1', extent: amount(1_000n) };
    await setting.clients.ledger.reverseEarn(event, checkout);
    const bad: [Uint8Array | string, keyof typeof ErrorReason][] = [
      [encodeRefund({ ...event, extent: amount(2_000n) }), 'REFUND_CONFLICT'],
      [
        encodeRefund({ ...event, refundId: 'r2', extent: amount(9_001n) }),
        'REFUND_EXCEEDS_TRANSACTION',
      ],
      [encodeRefund({ ...event, programId: 'another-program' }), 'VALIDATION_FAILED'],
      [encodeRefund({ programId, transactionId, refundId: 'r3' }), 'VALIDATION_FAILED'],
      [encodeRefund({ ...event, refundId: '' }), 'VALIDATION_FAILED'],
      [encodeRefund({ ...event, refundId: 'a\0b' }), 'VALIDATION_FAILED'],
      [encodeRefund({ ...event, refundId: 'twice', extent: items('1', '1') }), 'VALIDATION_FAILED'],
      ['{"refundId":', 'VALIDATION_FAILED'],
    ];
    for (const [index, [data, reason]] of bad.entries()) {
      await publish('refund', programId, data);
      const [letter] = await lettersOf(programId, index + 1);
      expect(letter).toMatchObject({ state: DEAD, reason: ErrorReason[reason] });
    }
    expect(await availablePoints(setting, member)).toBe(90n);

    const unknown = 'no-such-program';
    await publish('refund', unknown, encodeRefund({ ...event, programId: unknown }));
    const [letter] = await lettersOf(unknown, 1);
    expect(letter).toMatchObject({ state: DEAD, reason: ErrorReason.PROGRAM_NOT_FOUND });
  });

  test('that is kept doesn’t stand for the purchase that never came', async () => {
    const { programId } = await createCustomMember(setting);
    const event = { programId, transactionId: 'never-came', refundId: '', extent: full };
    await publish('refund', programId, encodeRefund(event));
    await lettersOf(programId, 1);
    const getEarn = setting.clients.ledger.getEarn(
      { programId, transactionId: 'never-came' },
      admin,
    );
    expect(await refusalOf(getEarn)).toMatchObject({ reason: 'EARN_NOT_POSTED', metadata: {} });
  });
});
