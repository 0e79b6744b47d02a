import { isReasoned } from '@loyalty/platform/errors.ts';
import { moneyText } from '@loyalty/rules/decimal.ts';
import { fraction } from '@loyalty/rules/fraction.ts';
import type { ZoneClock } from '@loyalty/rules/zone-clock.ts';
import { quoted } from '../printable.ts';
import type { SendableRow } from './import-lines.ts';
import { earnOf } from './import-purchases.ts';
import type { ProgramsClient } from './programs-client.ts';
import type { PurchaseFile } from './purchase-file.ts';
import type { PurchaseLine } from './purchase-line.ts';
import { Rejections } from './rejections.ts';
import { instantOf, instantText } from './written-time.ts';

export interface PreviewTerms {
  readonly programs: ProgramsClient;
  readonly pointsName: string;
  readonly clock: ZoneClock;
  readonly channel: string;
}

export interface Preview {
  readonly text: string;
  readonly rejectedCount: number;
}

const previewedMax = 10;

/**
 * What an import would do: the points that each of the first lines would give by itself to someone who has just joined,
 * and how many lines can't be read.
 */
export async function previewPurchases(file: PurchaseFile, terms: PreviewTerms): Promise<Preview> {
  const described: string[] = [];
  const rejections = new Rejections();
  const counts = { purchases: 0, refunds: 0, repeated: 0 };
  for await (const rows of file.lines.read()) {
    for (const row of rows) {
      if (row.kind === 'problem') rejections.add({ ...row.row, problem: row.problem });
      if (row.kind === 'repeat') counts.repeated += 1;
      if (row.kind !== 'line') continue;
      if (described.length < previewedMax) {
        const { text, problem } = await previewLine(row, terms);
        described.push(text);
        if (problem !== undefined) {
          rejections.add({ ...row.row, problem });
          continue;
        }
      }
      counts[row.line.refundOf === undefined ? 'purchases' : 'refunds'] += 1;
    }
  }
  const { purchases, refunds, repeated } = counts;
  const summary = [
    counted(purchases, 'purchase'),
    ...(file.reading.refunds ? [counted(refunds, 'refund')] : []),
    ...(repeated > 0 ? [counted(repeated, 'repeated line')] : []),
    counted(rejections.count, 'rejected line'),
  ].join(', ');
  return {
    text: [...described, summary, ...rejections.describe(), 'Nothing was credited.'].join('\n'),
    rejectedCount: rejections.count,
  };
}

function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

async function previewLine(
  row: SendableRow<PurchaseLine>,
  { programs, pointsName, clock, channel }: PreviewTerms,
): Promise<{ text: string; problem?: string }> {
  const { userId, time, currencyCode, minorUnits, refundOf } = row.line;
  const when = instantText(instantOf(time, clock));
  const amount = moneyText(fraction(minorUnits, 1n), currencyCode);
  const facts = `line ${row.row.line}: user ${quoted(userId)}, ${when}, ${amount}`;
  if (refundOf !== undefined) return { text: `${facts}: a refund of ${quoted(refundOf)}` };
  try {
    const points = await programs.preview(earnOf(row, { clock, channel }).transaction);
    return { text: `${facts}: ${points.toLocaleString('en')} ${pointsName}` };
  } catch (error) {
    if (!isReasoned(error) || error.reason !== 'VALIDATION_FAILED') throw error;
    return { text: `${facts}: refused`, problem: error.message };
  }
}
