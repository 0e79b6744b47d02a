/** Milliseconds since the epoch. `never` and `always` compare like any other instant. */
export type Instant = number;

export const never: Instant = Number.POSITIVE_INFINITY;
export const always: Instant = Number.NEGATIVE_INFINITY;
