import { isTimeZone } from './zone-clock.ts';

/** The IANA time zone that a text names, in its usual spelling (`europe/paris` → `Europe/Paris`), or undefined. */
export function timeZoneNamed(text: string): string | undefined {
  if (!isTimeZone(text)) return undefined;
  const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions();
  // An alias resolves to another name, and is kept as it was given.
  return timeZone.toLowerCase() === text.toLowerCase() ? timeZone : text;
}
