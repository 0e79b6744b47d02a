import type { Instant } from '../domain/instant.ts';
import type { EarnUseCase } from './earn.ts';
import type { GetBalanceUseCase } from './get-balance.ts';
import type { GetEarnUseCase } from './get-earn.ts';
import type { GetMembershipUseCase } from './get-membership.ts';
import type { GetRedemptionUseCase } from './get-redemption.ts';
import type { JoinProgramUseCase } from './join-program.ts';
import type { ListEntriesUseCase } from './list-entries.ts';
import type { ListMembersUseCase } from './list-members.ts';
import type { ListMembershipsUseCase } from './list-memberships.ts';
import type { ListRedemptionsUseCase } from './list-redemptions.ts';
import type { RedeemUseCase } from './redeem.ts';
import type { SubmitEarnUseCase } from './submit-earn.ts';

/** What the ledger can do. */
export interface App {
  readonly clock: () => Instant;
  readonly joinProgram: JoinProgramUseCase;
  readonly getMembership: GetMembershipUseCase;
  readonly listMembers: ListMembersUseCase;
  readonly listMemberships: ListMembershipsUseCase;
  readonly earn: EarnUseCase;
  readonly submitEarn: SubmitEarnUseCase;
  readonly getEarn: GetEarnUseCase;
  readonly getBalance: GetBalanceUseCase;
  readonly listEntries: ListEntriesUseCase;
  readonly redeem: RedeemUseCase;
  readonly getRedemption: GetRedemptionUseCase;
  readonly listRedemptions: ListRedemptionsUseCase;
}
