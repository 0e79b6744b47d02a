import { balanceInvariants } from './balance-invariants.ts';
import type { SqlInvariant } from './invariant.ts';
import { journalInvariants } from './journal-invariants.ts';
import { membershipInvariants } from './membership-invariants.ts';
import { orderInvariants } from './order-invariants.ts';
import { privilegeInvariants } from './privilege-invariants.ts';
import { redemptionInvariants } from './redemption-invariants.ts';
import { upToDateInvariants } from './up-to-date-invariants.ts';

/** All that can be proved of a ledger by its database alone. */
export const sqlInvariants: readonly SqlInvariant[] = [
  ...balanceInvariants,
  ...membershipInvariants,
  ...journalInvariants,
  ...orderInvariants,
  ...redemptionInvariants,
  ...upToDateInvariants,
  ...privilegeInvariants,
].toSorted((a, b) => a.id.localeCompare(b.id));
