import { sameFingerprint } from '@loyalty/rules/fingerprint.ts';
import { afterRefund } from '@loyalty/rules/remaining-purchase.ts';
import { capCountsLeft } from '../app/evaluation.ts';
import type { PurchaseRefund } from '../app/ledger-store.ts';
import { refundFingerprint } from '../app/refund-extent.ts';
import { smaller } from '../domain/points.ts';
import { awardOf, type Replay, type StandingEarn } from './standing-earn.ts';

interface AskedRefund {
  readonly refund: PurchaseRefund;
  readonly subject: string;
  /** The reason of the refund's entry, where it was refused. */
  readonly reason: string | undefined;
}

/** Derives a refund again and compares it. Returns how its earn stands then. */
export function replayRefund(
  replay: Replay,
  standing: StandingEarn,
  asked: AskedRefund,
): StandingEarn {
  const { refund, subject } = asked;
  const { comparison } = replay;
  const known = sameFingerprint(refund.fingerprint, refundFingerprint(refund.extent));
  if (!known) comparison.compare(subject, { extent: [refund.extent, 'what has the fingerprint'] });
  if (refund.arrival <= standing.arrival) {
    comparison.compare(subject, { arrival: [refund.arrival, `after ${standing.arrival}`] });
  }
  return applied(replay, standing, asked);
}

function applied(
  { comparison, caps }: Replay,
  standing: StandingEarn,
  { refund, subject, reason }: AskedRefund,
): StandingEarn {
  const { earn, decidedBy } = standing;
  const { arrival } = refund;
  const remaining = afterRefund(earn.purchase, standing.remaining, refund.extent);
  if (refund.state === 'REJECTED' || 'fault' in remaining) {
    const derived = 'fault' in remaining ? 'REJECTED' : 'APPLIED';
    // One that is within its purchase can still be refused, for a debt that would be too large.
    const isRefusedOtherwise = reason === 'LIMIT_EXCEEDED';
    if (!isRefusedOtherwise) {
      comparison.compare(subject, { state: [refund.state, derived] }, decidedBy);
    }
    return { ...standing, arrival };
  }
  comparison.compare(subject, { state: [refund.state, 'APPLIED'] });
  const award = awardOf(standing, remaining);
  const points = smaller(standing.points, award.points);
  comparison.compare(subject, { points: [refund.points, standing.points - points] }, decidedBy);
  const capCounts = capCountsLeft(standing.capCounts, award);
  caps.count(standing.caps, standing.capCounts, -1n);
  caps.count(standing.caps, capCounts, 1n);
  return { ...standing, remaining, points, capCounts, arrival };
}
