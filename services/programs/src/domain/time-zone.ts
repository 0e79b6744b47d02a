/**
 * The IANA time zone that a text names, in its usual spelling (`europe/paris` → `Europe/Paris`), or undefined.
 * Offsets such as `+02:00` are refused: a program's days must follow daylight saving.
 */
export function timeZoneNamed(text: string): string | undefined {
  if (!/^[A-Za-z]/.test(text)) return undefined;
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions();
    // An alias resolves to another name, and is kept as it was given.
    return timeZone.toLowerCase() === text.toLowerCase() ? timeZone : text;
  } catch {
    return undefined;
  }
}
