const DAY_MS = 24 * 60 * 60 * 1000;
/** The calendar repeats after 400 years. */
const CALENDAR_MONTHS = 400 * 12;

/** The fewest days that so many months in a row can have: 28 of one, 59 of two, 365 of twelve. */
export function fewestDays(months: number): number {
  let fewest = Number.POSITIVE_INFINITY;
  for (let first = 0; first < CALENDAR_MONTHS; first += 1) {
    const days = (Date.UTC(2000, first + months) - Date.UTC(2000, first)) / DAY_MS;
    fewest = Math.min(fewest, days);
  }
  return fewest;
}
