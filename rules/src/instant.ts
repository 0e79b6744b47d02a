/** Milliseconds since the epoch. `beginningOfTime` and `endOfTime` compare like any other instant. */
export type Instant = number;

export const endOfTime: Instant = Number.POSITIVE_INFINITY;
export const beginningOfTime: Instant = Number.NEGATIVE_INFINITY;
