import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  Membership_State,
  Membership_StateSchema,
  type MembershipSchema,
} from '@loyalty/proto/loyalty/ledger/v1/membership_pb.ts';
import type { MembershipView } from '../app/membership-view.ts';
import type { MembershipState } from '../domain/membership.ts';
import { renderBalance } from './balance-message.ts';
import { enumName } from './enum-name.ts';

/** The state that a list is restricted to; undefined for all. */
export function parseMembershipState(state: Membership_State): MembershipState | undefined {
  return enumName(Membership_StateSchema, state);
}

/** A membership as the contract shows it. */
export function renderMembership({
  membership,
  balance,
  etag,
}: MembershipView): MessageInitShape<typeof MembershipSchema> {
  return {
    programId: membership.programId,
    userId: membership.userId,
    state: Membership_State[membership.state],
    attributes: { ...membership.attributes },
    joinTime: timestampFromMs(membership.joinTime),
    balance: renderBalance(balance),
    etag,
  };
}
