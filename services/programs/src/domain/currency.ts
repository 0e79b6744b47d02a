const currencyCodes: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'));

/** Whether a text is a currency of ISO 4217. */
export function isCurrencyCode(text: string): boolean {
  return currencyCodes.has(text);
}
