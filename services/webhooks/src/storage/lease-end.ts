/** When a lease ends, in SQL: by the database's clock, because those of processes differ. */
export const leaseEnd = (ms: string) => `statement_timestamp() + ${ms} * interval '1 millisecond'`;
