import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { Entry_Kind } from '@loyalty/proto/loyalty/ledger/v1/entry_pb.ts';
import { Membership_State } from '@loyalty/proto/loyalty/ledger/v1/membership_pb.ts';
import type { MembershipService } from '@loyalty/proto/loyalty/ledger/v1/membership_service_pb.ts';
import { AlreadyExists, IllegalTransition } from '../errors.ts';
import { type Account, membershipOf, record } from './double-account.ts';
import { type MemberName, NotInDouble, type Store } from './double-store.ts';
import type { Handlers } from './handlers.ts';

export function membershipHandlers(store: Store): Handlers<typeof MembershipService> {
  return {
    joinProgram(request) {
      const { programId, userId, attributes } = request;
      store.program(programId);
      if (request.joinTime !== undefined) throw new NotInDouble('join_time');
      const existing = store.find(request);
      if (existing !== undefined) {
        refuseOtherAttributes(existing, attributes);
        return { membership: membershipOf(existing), replayed: true };
      }
      return { membership: membershipOf(join(store, { programId, userId, attributes })) };
    },
    getMembership: (request) => ({ membership: membershipOf(store.account(request)) }),
    suspendMembership(request) {
      const account = changed(store, request, {
        from: Membership_State.ACTIVE,
        to: Membership_State.SUSPENDED,
        kind: Entry_Kind.SUSPENDED,
      });
      return { membership: membershipOf(account) };
    },
    resumeMembership(request) {
      const account = changed(store, request, {
        from: Membership_State.SUSPENDED,
        to: Membership_State.ACTIVE,
        kind: Entry_Kind.RESUMED,
      });
      return { membership: membershipOf(account) };
    },
  };
}

/** Makes a user a member who isn't one. */
export function join(
  store: Store,
  { programId, userId, attributes }: MemberName & { attributes: Readonly<Record<string, string>> },
): Account {
  const now = store.now();
  const account: Account = {
    programId,
    userId,
    state: Membership_State.ACTIVE,
    attributes: { ...attributes },
    joinTime: timestampFromDate(now),
    available: 0n,
    reserved: 0n,
    deficit: 0n,
    lifetimeEarned: 0n,
    lifetimeRedeemed: 0n,
    entries: [],
    redemptions: new Map(),
    adjustments: new Map(),
  };
  store.add(account);
  const about = { joinTime: account.joinTime };
  record(account, { kind: Entry_Kind.JOINED, now, about });
  return account;
}

function refuseOtherAttributes(
  account: Account,
  attributes: Readonly<Record<string, string>>,
): void {
  const fields = Object.entries(attributes)
    .filter(([key, value]) => account.attributes[key] !== value)
    .map(([key]) => `attributes[${JSON.stringify(key)}]`)
    .join(',');
  if (fields === '') return;
  const message = `The user is a member already: update the membership to change ${fields}`;
  throw new AlreadyExists(message, { metadata: { fields } });
}

function changed(
  store: Store,
  member: MemberName,
  { from, to, kind }: { from: Membership_State; to: Membership_State; kind: Entry_Kind },
): Account {
  const account = store.account(member);
  if (account.state === to) return account;
  if (account.state !== from) {
    const names = { from: stateName(account.state), to: stateName(to) };
    const message = `The state can't change from ${names.from} to ${names.to}`;
    throw new IllegalTransition(message, { metadata: names });
  }
  account.state = to;
  record(account, { kind, now: store.now() });
  return account;
}

function stateName(state: Membership_State): string {
  const named = Object.entries(Membership_State).find(([, value]) => value === state);
  return named?.[0] ?? 'UNKNOWN';
}
