/**
 * How long after its commit a row that refers to what it announces is left to the relay of the process that committed it, which
 * needn't read it. In SQL, so that both sides compute it from the row's `create_time`. After a crash, the row's
 * messages come that much later.
 */
export const firstLease = "interval '2 seconds'";
