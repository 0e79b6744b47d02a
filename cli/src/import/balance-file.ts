import type { ZoneClock } from '@loyalty/rules/zone-clock.ts';
import { openTable, type Table } from '../csv/table.ts';
import { quoted } from '../printable.ts';
import type { Progress } from '../progress.ts';
import { type Columns, chooseColumns, isKnownAs, type Role } from './columns.ts';
import { contentId, digestOf } from './content-id.ts';
import { type IdentifiedLines, identifyLines, type LineKind } from './identified-lines.ts';
import { LineProblem } from './line-problem.ts';
import { userRole } from './purchase-columns.ts';
import { startReading } from './reading-progress.ts';
import { endOf, instantOf, parseTime, timeIdentity, type WrittenTime } from './written-time.ts';

export const balanceRoles = {
  user: userRole,
  points: {
    flag: '--points-column',
    what: 'the points',
    names: ['points', 'balance', 'points_balance'],
    isRequired: true,
  },
  available: {
    flag: '--available-column',
    what: 'the time from which the points can be spent',
    names: ['available_time', 'available_date', 'available_from'],
    isRequired: false,
  },
  expiry: {
    flag: '--expiry-column',
    what: 'the time at which the points expire',
    names: ['expire_time', 'expire_date', 'expiry_date', 'expiry', 'expires', 'expires_at'],
    isRequired: false,
  },
  join: {
    flag: '--join-column',
    what: 'the time at which the user joined',
    names: ['join_time', 'join_date', 'joined_at', 'member_since'],
    isRequired: false,
  },
} as const satisfies Record<string, Role>;

type BalanceRole = keyof typeof balanceRoles;
type BalanceColumns = Columns<BalanceRole>;

/** What a line says: points of a user, and their dates. */
export interface BalanceLine {
  readonly userId: string;
  readonly points: bigint;
  /** Undefined for at once. */
  readonly available: WrittenTime | undefined;
  /** Undefined for the program's policy. */
  readonly expiry: WrittenTime | undefined;
  /** Undefined for now. */
  readonly joined: WrittenTime | undefined;
}

export interface BalanceFile {
  readonly table: Table;
  readonly columns: BalanceColumns;
  readonly lines: IdentifiedLines<BalanceLine>;
}

/**
 * Reads a file of balances as often as it takes to know which of its lines contradict each other.
 *
 * @throws {FileRefused}
 */
export async function openBalanceFile(
  path: string,
  options: {
    readonly columns: Readonly<Partial<Record<BalanceRole, string>>>;
    readonly separator?: string | undefined;
    readonly progress: Progress;
  },
): Promise<BalanceFile> {
  const table = await openTable(path, { separator: options.separator, countKnown });
  const columns = chooseColumns<BalanceRole>(table.header, balanceRoles, options.columns);
  const survey = startReading(options.progress, table);
  const looksWhole = (fields: readonly string[]) => /^\d+$/.test(fields[columns.points ?? 0] ?? '');
  const rows = () => table.rows({ looksWhole, onRead: survey.onRead });
  try {
    return { table, columns, lines: await identifyLines(rows, balanceKind(columns), table.file) };
  } finally {
    survey.end();
  }
}

function countKnown(header: readonly string[]): number {
  const roles = Object.values(balanceRoles);
  return header.filter((name) => roles.some((role) => isKnownAs(role, name))).length;
}

/** A balance is credited once for its user and its two dates, so these are its id. */
function balanceKind(columns: BalanceColumns): LineKind<BalanceLine> {
  const read = (fields: readonly string[]) => readBalance(fields, columns);
  return {
    read,
    ownIdOf: readable(read, (line) => ({ id: balanceId(line), content: [String(line.points)] })),
    conflictProblem: 'other lines have other points for the same user and dates',
    ...(columns.join !== undefined && {
      // Whichever of a user's lines comes first makes them a member, and several are under way at the same time.
      agreement: {
        of: readable(read, ({ userId, joined }) => ({
          id: userId,
          content: joined === undefined ? [] : [timeIdentity(joined)],
        })),
        problem:
          'other lines have another join date for the same user, or none: give all of them the same',
      },
    }),
    idOf: balanceId,
  };
}

/** Looks at rows that can be read; undefined for others. */
function readable<Found>(
  read: (fields: readonly string[]) => BalanceLine,
  look: (line: BalanceLine) => Found,
): (fields: readonly string[]) => Found | undefined {
  return (fields) => {
    try {
      return look(read(fields));
    } catch (error) {
      if (error instanceof LineProblem) return undefined;
      throw error;
    }
  };
}

function balanceId({ userId, available, expiry }: BalanceLine): string {
  const dates = [available, expiry && endOf(expiry)].map((time) =>
    time ? timeIdentity(time) : '',
  );
  return contentId(digestOf([userId, ...dates]), 1);
}

function readBalance(fields: readonly string[], columns: BalanceColumns): BalanceLine {
  const field = (role: BalanceRole) => fields[columns[role] ?? -1] ?? '';
  const userId = field('user');
  if (userId === '') throw new LineProblem("the user's id is empty");
  return {
    userId,
    points: parsePoints(field('points')),
    available: parseDate(field('available'), (text) => `${text} is too far ahead: ${earlier}`),
    expiry: parseDate(
      field('expiry'),
      (text) =>
        `${text} is too far ahead for an expiry: leave it empty for points that never expire, if the program has no other policy, or ${earlier}`,
    ),
    joined: parseDate(field('join')),
  };
}

/** The ledger keeps dates of points before the year 9000; a day is left for zones, and one for the end of an expiry date. */
const wallMsEnd = Date.UTC(8999, 11, 31);
const earlier = 'write a date before 8999-12-31';

/**
 * Undefined for an empty field.
 *
 * @param tooLate the problem of a date of points that the ledger can't keep
 */
function parseDate(text: string, tooLate?: (text: string) => string): WrittenTime | undefined {
  if (text === '') return undefined;
  const time = parseTime(text);
  if (tooLate !== undefined && time.wallMs >= wallMsEnd)
    throw new LineProblem(tooLate(quoted(text)));
  return time;
}

function parsePoints(text: string): bigint {
  if (!/^\d{1,16}$/.test(text)) {
    throw new LineProblem(`${quoted(text)} is not a number of points: write it like 1234`);
  }
  const points = BigInt(text);
  if (points === 0n) throw new LineProblem('there are no points to credit');
  return points;
}

/** The instants of a line, in milliseconds since 1970. A date alone is its beginning, and of an expiry its end. */
export function instantsOf({ available, expiry, joined }: BalanceLine, clock: ZoneClock) {
  return {
    ...(available !== undefined && { availableMs: instantOf(available, clock) }),
    ...(expiry !== undefined && { expireMs: instantOf(endOf(expiry), clock) }),
    ...(joined !== undefined && { joinMs: instantOf(joined, clock) }),
  };
}
