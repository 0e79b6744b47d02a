import type { Refund } from '@loyalty/proto/loyalty/ledger/v1/earn_pb.ts';
import { Membership_State } from '@loyalty/proto/loyalty/ledger/v1/membership_pb.ts';
import type { Transaction } from '@loyalty/proto/loyalty/programs/v1/transaction_pb.ts';
import {
  MembershipLeft,
  MembershipNotFound,
  MembershipSuspended,
  ProgramNotFound,
} from '../errors.ts';
import type { Account } from './double-account.ts';
import type { DoubleProgram } from './double-program.ts';

/** Thrown by a double for what it doesn't do; the platform may do it. */
export class NotInDouble extends Error {
  override readonly name = 'NotInDouble';

  constructor(what: string) {
    super(`The double doesn't support ${what}: test this against a platform, as npm start runs it`);
  }
}

export interface DoubleEarn {
  readonly account: Account;
  readonly transaction: Transaction;
  readonly points: bigint;
  reversedPoints: bigint;
  /** Of the amount that was paid. */
  refundedMinorUnits: bigint;
  readonly postedAt: Date;
  /** By refund id. */
  readonly refunds: Map<string, Refund>;
}

/** What a double remembers. */
export interface Store {
  program(programId: string): DoubleProgram;
  /** The membership of a program's user, in any state. */
  find(member: MemberName): Account | undefined;
  /** @throws {MembershipNotFound} */
  account(member: MemberName): Account;
  /** @throws {MembershipNotFound} {@link MembershipSuspended} {@link MembershipLeft} */
  activeAccount(member: MemberName): Account;
  add(account: Account): void;
  /** By program and transaction id. */
  readonly earns: Map<string, DoubleEarn>;
  now(): Date;
}

export interface MemberName {
  readonly programId: string;
  readonly userId: string;
}

export function createStore(
  programs: Readonly<Record<string, DoubleProgram>>,
  now: () => Date,
): Store {
  const accounts = new Map<string, Account>();
  const keyOf = ({ programId, userId }: MemberName) => `${programId}/${userId}`;
  const find = (member: MemberName) => accounts.get(keyOf(member));
  const account = (member: MemberName) => {
    const found = find(member);
    if (found !== undefined) return found;
    throw new MembershipNotFound("The user isn't a member of the program; let them join first");
  };
  return {
    program(programId) {
      if (Object.hasOwn(programs, programId)) return programs[programId] as DoubleProgram;
      const metadata = { programId };
      throw new ProgramNotFound(`There is no program with the id ${programId}`, { metadata });
    },
    find,
    account,
    activeAccount(member) {
      const found = account(member);
      if (found.state === Membership_State.SUSPENDED) {
        throw new MembershipSuspended('The membership is suspended; resume it first');
      }
      if (found.state === Membership_State.LEFT) {
        throw new MembershipLeft('The user has left the program; let them join again');
      }
      return found;
    },
    add(added) {
      accounts.set(keyOf(added), added);
    },
    earns: new Map(),
    now,
  };
}
