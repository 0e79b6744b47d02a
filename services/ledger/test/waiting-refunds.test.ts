import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Refund_State } from '@loyalty/proto/loyalty/ledger/v1/earn_pb.ts';
import { Entry_Kind } from '@loyalty/proto/loyalty/ledger/v1/entry_pb.ts';
import { createCustomMember } from './custom-program.ts';
import { type MovingSetting, startMovingSetting } from './moving-clock.ts';
import { amount, full, reportsTo } from './refund-reports.ts';
import { admin, checkout, refusalOf } from './running-ledger.ts';

let setting: MovingSetting;
beforeAll(async () => {
  setting = await startMovingSetting();
});
afterAll(() => setting.stop());

const { purchaseNow, earn, refund } = reportsTo(() => setting);

describe('a refund that comes before its purchase', () => {
  const early = (programId: string) => ({ programId, transactionId: `order-${randomUUID()}` });
  const waitingOf = async (programId: string) =>
    (await setting.clients.ledger.listWaitingRefunds({ programId }, checkout)).refunds;

  test('waits for it, and is applied with it', async () => {
    const member = await createCustomMember(setting);
    const name = early(member.programId);
    const waiting = await refund(name, amount(4_000n), 'r1');
    expect(waiting.refund).toMatchObject({ state: Refund_State.WAITING, points: 0n });
    expect([waiting.earn, waiting.balance]).toEqual([undefined, undefined]);
    expect(await waitingOf(member.programId)).toEqual([waiting.refund]);
    expect(await refusalOf(setting.clients.ledger.getEarn(name, checkout))).toMatchObject({
      reason: 'EARN_NOT_POSTED',
    });

    const { answer } = await earn(member, { ...purchaseNow(100), ...name });
    expect(answer).toMatchObject({
      earn: { points: 100n, reversedPoints: 40n },
      balance: { available: 60n, lifetimeEarned: 60n },
    });
    expect(await waitingOf(member.programId)).toEqual([]);
    expect(await refund(name, amount(4_000n), 'r1')).toMatchObject({
      replayed: true,
      refund: { state: Refund_State.APPLIED, taken: 40n },
    });
  });

  test('can be cancelled while it waits, and not afterwards', async () => {
    const member = await createCustomMember(setting);
    const name = early(member.programId);
    const { ledger } = setting.clients;
    await refund(name, full, 'cancelled');
    await refund(name, amount(1_000n), 'kept');
    const cancelled = await ledger.cancelRefund({ ...name, refundId: 'cancelled' }, admin);
    expect(cancelled.refund?.state).toBe(Refund_State.CANCELLED);
    expect(await ledger.cancelRefund({ ...name, refundId: 'cancelled' }, checkout)).toEqual(
      cancelled,
    );
    const { answer } = await earn(member, { ...purchaseNow(100), ...name });
    expect(answer.balance).toMatchObject({ available: 90n });
    for (const [refundId, reason] of [
      ['kept', 'ILLEGAL_TRANSITION'],
      ['no-such-one', 'REFUND_NOT_FOUND'],
    ] as const) {
      const refused = ledger.cancelRefund({ ...name, refundId }, checkout);
      expect(await refusalOf(refused)).toMatchObject({ reason });
    }
  });

  test('and asks for more than the purchase has is rejected, with an entry in the journal', async () => {
    const member = await createCustomMember(setting);
    const name = early(member.programId);
    await refund(name, amount(10_001n), 'too-much');
    await refund(name, amount(10_000n), 'all');
    const { answer } = await earn(member, { ...purchaseNow(100), ...name });
    expect(answer).toMatchObject({ earn: { reversedPoints: 100n }, balance: { available: 0n } });
    const { earn: shown } = await setting.clients.ledger.getEarn(name, checkout);
    expect(shown?.refunds.map(({ refundId, state }) => [refundId, state])).toEqual([
      ['too-much', Refund_State.REJECTED],
      ['all', Refund_State.APPLIED],
    ]);
    const { entries } = await setting.clients.ledger.listEntries(
      { ...member, kinds: [Entry_Kind.REFUND] },
      checkout,
    );
    expect(entries).toMatchObject([
      { refundId: 'all', points: -100n },
      { refundId: 'too-much', points: 0n, reason: 'REFUND_EXCEEDS_TRANSACTION' },
    ]);
  });

  test('is listed page by page, by transaction', async () => {
    const { programId } = await createCustomMember(setting);
    const ids = ['order-a', 'order-b', 'order-c'];
    for (const transactionId of ids.toReversed()) {
      await refund({ programId, transactionId }, full, 'r2');
      await refund({ programId, transactionId }, amount(1n), 'r1');
    }
    const found: string[] = [];
    let pageToken = '';
    do {
      const page = await setting.clients.ledger.listWaitingRefunds(
        { programId, pageSize: 4, pageToken },
        checkout,
      );
      found.push(...page.refunds.map((each) => `${each.transactionId} ${each.refundId}`));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    expect(found).toEqual(ids.flatMap((id) => [`${id} r1`, `${id} r2`]));
  });

  test('can’t miss it when both come at the same time', async () => {
    const member = await createCustomMember(setting);
    await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const transaction = purchaseNow(10);
        const name = { ...transaction, programId: member.programId };
        const both = [() => earn(member, transaction), () => refund(name, full)];
        await Promise.all((index % 2 === 0 ? both : both.toReversed()).map((report) => report()));
      }),
    );
    const { balance } = await setting.clients.ledger.getBalance(member, checkout);
    expect(balance).toMatchObject({ available: 0n, deficit: 0n });
    expect(await waitingOf(member.programId)).toEqual([]);
  });
});
