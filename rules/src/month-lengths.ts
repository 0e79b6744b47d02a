const DAY_MS = 24 * 60 * 60 * 1000;
/** The calendar repeats after 400 years. */
const CALENDAR_MONTHS = 400 * 12;

/** The fewest days that a number of consecutive months can have: 28 for one, 59 for two, 365 for twelve. */
export function fewestDays(months: number): number {
  let fewest = Number.POSITIVE_INFINITY;
  for (let first = 0; first < CALENDAR_MONTHS; first += 1) {
    const days = (Date.UTC(2000, first + months) - Date.UTC(2000, first)) / DAY_MS;
    fewest = Math.min(fewest, days);
  }
  return fewest;
}
