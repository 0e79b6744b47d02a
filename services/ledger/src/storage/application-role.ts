/** The role that the service works in: it can add to the journal and change nothing in it. */
export const applicationRole = 'ledger_app';
