/** Milliseconds since 1970, UTC. {@link beginningOfTime} and {@link endOfTime} compare like any other instant. */
export type Instant = number;

export const endOfTime: Instant = Number.POSITIVE_INFINITY;
export const beginningOfTime: Instant = Number.NEGATIVE_INFINITY;
