import type { MessageInitShape } from '@bufbuild/protobuf';
import { Entry_Kind } from '@loyalty/proto/loyalty/ledger/v1/entry_pb.ts';
import type {
  AdjustBalanceRequest,
  AdjustBalanceResponseSchema,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { IdempotencyKeyReused, InsufficientPoints, ValidationFailed } from '../errors.ts';
import { type AdjustmentContent, balanceOf, credited, debited, record } from './double-account.ts';
import { NotInDouble, type Store } from './double-store.ts';

export function adjustBalance(
  store: Store,
  request: AdjustBalanceRequest,
): MessageInitShape<typeof AdjustBalanceResponseSchema> {
  const { idempotencyKey, points, reason, note, allowDeficit } = request;
  check(request);
  store.program(request.programId);
  const account = store.account(request);
  const content = { points, reason, note, allow_deficit: allowDeficit };
  const before = account.adjustments.get(idempotencyKey);
  if (before !== undefined) {
    refuseOtherContent(before.content, content);
    return { entry: before.entry, balance: balanceOf(account), replayed: true };
  }
  const debit = points < 0n ? debited(account, -points) : undefined;
  if (debit !== undefined && debit.deficit > 0n && !allowDeficit) {
    const missingPoints = String(debit.deficit + account.deficit);
    throw new InsufficientPoints(
      `The balance lacks ${missingPoints} points; set allow_deficit to take them anyway`,
      { metadata: { missingPoints } },
    );
  }
  const changes = debit ?? credited(account, points);
  const about = { reason, note };
  const entry = record(account, { kind: Entry_Kind.ADJUST, now: store.now(), changes, about });
  account.adjustments.set(idempotencyKey, { content, entry });
  return { entry, balance: balanceOf(account), replayed: false };
}

function refuseOtherContent(first: AdjustmentContent, repeat: AdjustmentContent): void {
  const names = ['points', 'reason', 'note', 'allow_deficit'] as const;
  const fields = names.filter((name) => first[name] !== repeat[name]).join(',');
  if (fields === '') return;
  const message = `The idempotency key was used before with another ${fields}; use a new key`;
  throw new IdempotencyKeyReused(message, { metadata: { fields } });
}

function check({ points, reason, availableTime, expireTime }: AdjustBalanceRequest): void {
  if (availableTime !== undefined || expireTime !== undefined) {
    throw new NotInDouble('dates of adjusted points');
  }
  const violations = [
    ...(points === 0n ? [{ field: 'points', message: 'must not be 0' }] : []),
    ...(reason === '' ? [{ field: 'reason', message: 'is required' }] : []),
  ];
  if (violations.length === 0) return;
  const text = violations.map(({ field, message }) => `${field}: ${message}`).join('; ');
  throw new ValidationFailed(text, { violations });
}
