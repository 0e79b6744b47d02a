/** An amount in the minor unit of an ISO 4217 currency. */
export interface Money {
  readonly currencyCode: string;
  readonly minorUnits: bigint;
}

/** An amount as a message has it, where the number may be missing. */
export interface MoneyMessage {
  readonly currencyCode: string;
  readonly minorUnits?: bigint | undefined;
}

/**
 * The amount of a message. Validation rejects a message without a number; in stored bytes a missing number is 0, as protobuf
 * writes it where a field has no presence.
 */
export function moneyOf({ currencyCode, minorUnits = 0n }: MoneyMessage): Money {
  return { currencyCode, minorUnits };
}
