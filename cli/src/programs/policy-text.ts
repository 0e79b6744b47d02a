import {
  type ExpiryPolicy,
  ExpiryPolicy_After_RoundUpTo,
  type MaturationPolicy,
} from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';

/** When points become available, such as `after 14 days`. */
export function maturationText(maturation: MaturationPolicy | undefined): string {
  const policy = maturation?.policy;
  return policy?.case === 'after' ? `after ${count(policy.value.days, 'day')}` : 'at once';
}

/** When points expire, such as `12 months after they became available, at the end of the day`. */
export function expiryText(expiry: ExpiryPolicy | undefined): string {
  const policy = expiry?.policy;
  switch (policy?.case) {
    case 'after': {
      const { period, roundUpTo } = policy.value;
      const time =
        period.case === undefined
          ? ''
          : count(period.value, period.case === 'days' ? 'day' : 'month');
      return `${time} after they became available, at the end of the ${roundedTo(roundUpTo)}`;
    }
    case 'fixedDate': {
      const { month, day, minimumDays } = policy.value;
      const least = minimumDays === 0 ? '' : `, but not before ${count(minimumDays, 'day')}`;
      return `each year on day ${day} of month ${month}${least}`;
    }
    case 'inactivity':
      return `after ${count(policy.value.months, 'month')} without earning or spending`;
    default:
      return 'never';
  }
}

function roundedTo(roundUpTo: ExpiryPolicy_After_RoundUpTo): string {
  switch (roundUpTo) {
    case ExpiryPolicy_After_RoundUpTo.MONTH:
      return 'month';
    case ExpiryPolicy_After_RoundUpTo.YEAR:
      return 'year';
    default:
      return 'day';
  }
}

function count(number: number, unit: string): string {
  return number === 1 ? `1 ${unit}` : `${number} ${unit}s`;
}
