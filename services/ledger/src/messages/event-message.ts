import type { MessageInitShape } from '@bufbuild/protobuf';
import { encoderOf } from '@loyalty/platform/binary-encoding.ts';
import { timestampField } from '@loyalty/platform/rpc/timestamps.ts';
import {
  EntryRecordedSchema,
  type LotChangeSchema,
  type RedemptionDetailsSchema,
} from '@loyalty/proto/loyalty/events/v1/entry_recorded_pb.ts';
import { ErrorReason } from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';
import type { ExplanationLine } from '@loyalty/rules/explanation.ts';
import { beginningOfTime } from '@loyalty/rules/instant.ts';
import { pointsGiven } from '@loyalty/rules/points-given.ts';
import type { DescribedEntry } from '../app/described-entry.ts';
import { type JournalRecord, type JournalRecords, ruleSetOf } from '../app/journal-reader.ts';
import { valueOfPart } from '../app/redemption-part.ts';
import { isSameRuleSet, type RuleNames, type RuleSetName } from '../app/rule-names.ts';
import { unitsOfEntry } from '../domain/entry-units.ts';
import { type Entry, type EntryKind, pointsOf } from '../domain/journal.ts';
import type { Allocation } from '../domain/lot.ts';
import type { Redemption } from '../domain/redemption-state.ts';
import { renderLine } from './earn-message.ts';
import { renderEntry, renderSubject } from './entry-message.ts';
import { ownHeaders } from './event-headers.ts';
import { inKeyOrder } from './key-order.ts';

/** An event as it is published. */
export interface Event {
  /** Unique, and without gaps for a membership. */
  readonly id: string;
  readonly subject: string;
  /** Its headers in addition to `sharedHeaders`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly data: Uint8Array;
}

/** The last part of an event's subject and type, by what it announces. */
const eventTypes: Readonly<Record<EntryKind, string>> = {
  JOINED: 'membership.joined',
  UPDATED: 'membership.updated',
  SUSPENDED: 'membership.suspended',
  RESUMED: 'membership.resumed',
  LEFT: 'membership.left',
  EARN: 'points.earned',
  MATURE: 'points.matured',
  EXPIRE: 'points.expired',
  REFUND: 'points.refunded',
  ADJUST: 'points.adjusted',
  FORFEIT: 'points.forfeited',
  RESERVE: 'redemption.reserved',
  CAPTURE: 'redemption.captured',
  RELEASE: 'redemption.released',
  REJECT: 'redemption.rejected',
  RETURN: 'redemption.returned',
};

/** Thrown for an entry of a later release, whose event only that release can encode. */
export class UnknownEventVersion extends Error {
  override readonly name = 'UnknownEventVersion';

  constructor(version: number) {
    super(
      `events of version ${version} are those of a later release of the ledger, which has to encode them`,
    );
  }
}

const encode = encoderOf(EntryRecordedSchema);

/**
 * The events of journal entries. They follow from stored data that never changes, so they have the same bytes whenever they
 * are encoded: a change of what an entry's event has needs another version.
 *
 * @throws {UnknownEventVersion}
 */
export function eventsOf({ records, ruleNames }: JournalRecords): Event[] {
  let previous: RuleSetName | undefined;
  let names: RuleNames | undefined;
  return records.map((record) => {
    const ruleSet = ruleSetOf(record);
    // Mostly all earns of a commit have the same version.
    if (ruleSet !== undefined && !isSameRuleSet(ruleSet, previous)) {
      previous = ruleSet;
      names = ruleNames(ruleSet);
    }
    return eventOf(record, names);
  });
}

function eventOf(record: JournalRecord, names: RuleNames | undefined): Event {
  const { programId, entry, eventVersion } = record;
  if (eventVersion !== 1) throw new UnknownEventVersion(eventVersion);
  const membershipId = String(record.membershipId);
  const type = eventTypes[entry.kind];
  const id = `${membershipId}-${entry.sequence}`;
  return {
    id,
    subject: `loyalty.events.v1.${programId}.${type}`,
    headers: ownHeaders({
      eventId: id,
      type,
      about: membershipId,
      time: entry.createTime,
      author: entry,
    }),
    data: encode(contentOf(record, { membershipId, names })),
  };
}

type Content = MessageInitShape<typeof EntryRecordedSchema>;

function contentOf(
  record: JournalRecord,
  { membershipId, names }: { membershipId: string; names: RuleNames | undefined },
): Content {
  const { programId, userId, entry } = record;
  const explanation = entry.kind === 'EARN' ? namedLines(record, names) : [];
  return {
    programId,
    userId,
    membershipId,
    entry: {
      ...renderEntry(entry),
      ...renderSubject(subjectOf(record, explanation)),
    },
    pointsAfter: {
      available: entry.balanceAfter,
      pending: entry.pendingAfter,
      reserved: entry.reservedAfter,
      deficit: entry.deficitAfter,
    },
    lotChanges: entry.allocations.toSorted(byDates).map((each) => renderLotChange(each, entry)),
    details: detailsOf(record, explanation),
  };
}

/** The earn's lines with the rules' names. */
function namedLines(
  { earn }: JournalRecord,
  names: RuleNames | undefined,
): readonly ExplanationLine[] {
  if (earn === undefined) return [];
  return earn.explanation.map(({ kind, ruleId, points, note }) => ({
    kind,
    ruleId,
    displayName: names?.get(ruleId) ?? '',
    points,
    note,
  }));
}

function subjectOf(
  { entry, earn, refund, redemption }: JournalRecord,
  explanation: readonly ExplanationLine[],
): Pick<DescribedEntry, 'purchase' | 'rules' | 'refundExtent' | 'reward'> {
  return {
    purchase: earn?.purchase,
    rules: pointsGiven(explanation),
    refundExtent: refund?.extent,
    reward: redemption && {
      rewardId: redemption.rewardId,
      displayName: redemption.rewardDisplayName,
      quantity: unitsOfEntry(entry, redemption),
      reference: redemption.reference,
    },
  };
}

// The database returns them in any order.
function byDates(one: Allocation, other: Allocation): number {
  if (one.availableAt !== other.availableAt) return one.availableAt < other.availableAt ? -1 : 1;
  if (one.expiresAt !== other.expiresAt) return one.expiresAt < other.expiresAt ? -1 : 1;
  return one.class < other.class ? -1 : 1;
}

function renderLotChange(
  { availableAt, expiresAt, class: lotClass, points }: Allocation,
  { inactivityExpiresAt, lotsExpireAt }: Entry,
): MessageInitShape<typeof LotChangeSchema> {
  const expiresByInactivity = lotClass === 'INACTIVITY';
  return {
    points,
    ...(availableAt !== beginningOfTime && timestampField('availableTime', availableAt)),
    ...timestampField(
      'expireTime',
      expiresByInactivity ? (inactivityExpiresAt ?? lotsExpireAt) : expiresAt,
    ),
    expiresByInactivity,
  };
}

function detailsOf(
  { entry, earn, refund, redemption }: JournalRecord,
  explanation: readonly ExplanationLine[],
): NonNullable<Content['details']> {
  if (entry.kind === 'EARN' && earn !== undefined) {
    const { ruleSetVersion, purchase: transaction } = earn;
    const lines = explanation.map(renderLine);
    return { case: 'earn', value: { ruleSetVersion, explanation: lines, transaction } };
  }
  if (entry.kind === 'REFUND' && refund !== undefined) {
    const { points, taken, lapsed, owed, forgiven } = refund;
    return { case: 'refund', value: { points, taken, lapsed, owed, forgiven } };
  }
  if (redemption !== undefined) {
    return { case: 'redemption', value: redemptionDetails(entry, redemption) };
  }
  return { case: undefined };
}

function redemptionDetails(
  entry: Entry,
  redemption: Redemption,
): MessageInitShape<typeof RedemptionDetailsSchema> {
  const points = pointsMoved(entry, redemption);
  const value = valueOfPart(redemption, points);
  const refusal = entry.kind === 'REJECT' ? redemption.refusal : undefined;
  return {
    points,
    ...(value !== undefined && { value }),
    ...timestampField('holdExpireTime', redemption.holdExpiresAt),
    ...(refusal !== undefined && {
      refusal: { reason: ErrorReason[refusal.reason], metadata: inKeyOrder(refusal.metadata) },
    }),
  };
}

/** How many points of the redemption an entry is about. */
function pointsMoved(entry: Entry, { askedPoints }: Redemption): bigint {
  switch (entry.kind) {
    case 'RESERVE':
      return entry.reserved;
    case 'CAPTURE':
      return -pointsOf(entry);
    case 'RELEASE':
      return -entry.reserved;
    case 'RETURN':
      return pointsOf(entry);
    default:
      return askedPoints;
  }
}
