/**
 * How a database transaction meets rows that somebody else has locked. NONE locks nothing and waits for nobody; it is for
 * commands whose changes aren't written.
 */
export type Locking = 'PASS_OVER' | 'WAIT' | 'NONE';
