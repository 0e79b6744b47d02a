import { FileRefused } from '../csv/file-refused.ts';
import { quoted } from '../printable.ts';

/** A kind of value in a line, and the column names that are known for it. */
export interface Role {
  /** The flag that names the column, such as `--user-column`. */
  readonly flag: string;
  /** In messages and in the table of roles, such as "the user's id". */
  readonly what: string;
  /** Names by which it is known, as {@link normalName} writes them. */
  readonly names: readonly string[];
  /** Further names, where a list can't have them all. */
  readonly pattern?: { readonly test: (name: string) => boolean; readonly example: string };
  readonly isRequired: boolean;
}

/** What the columns are: positions from 0 by role. */
export type Columns<Name extends string> = Readonly<Record<Name, number | undefined>>;

/** `Order ID`, `orderId` and `ORDER_ID` are one name, `order_id`. */
export function normalName(name: string): string {
  return name
    .normalize('NFC')
    .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, '$1_$2')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^_|_$/g, '');
}

/** Whether a column's name says what it is. */
export function isKnownAs({ names, pattern }: Role, name: string): boolean {
  const normal = normalName(name);
  return names.includes(normal) || (pattern?.test(normal) ?? false);
}

/**
 * Decides by the names in the first line which column says what. A column that a flag names is known as nothing else.
 *
 * @param named what flags name: a column by its name, or by its number from 1
 * @throws {FileRefused} when a column is missing, two could be meant, or one is named twice; the message names the flag that
 * decides it
 */
export function chooseColumns<Name extends string>(
  header: readonly string[],
  roles: Readonly<Record<Name, Role>>,
  named: Readonly<Partial<Record<Name, string>>>,
): Columns<Name> {
  const entries = Object.entries<Role>(roles) as [Name, Role][];
  const taken = new Map<number, Role>();
  for (const [name, role] of entries) {
    const flagged = named[name];
    if (flagged === undefined) continue;
    const column = columnNamed(header, { role, flagged });
    const other = taken.get(column);
    if (other !== undefined) {
      throw new FileRefused(
        `${other.flag} and ${role.flag} both name the column ${placed(header, column)}: name another one with either`,
      );
    }
    taken.set(column, role);
  }
  const columnByFlag = new Map([...taken].map(([column, role]) => [role, column]));
  return Object.fromEntries(
    entries.map(([name, role]) => [
      name,
      columnByFlag.get(role) ?? columnOf(header, { role, taken }),
    ]),
  ) as Columns<Name>;
}

/** The columns that are known to be of a role, by position. */
export function knownColumns(header: readonly string[], role: Role): number[] {
  return header.flatMap((name, index) => (isKnownAs(role, name) ? [index] : []));
}

function columnOf(
  header: readonly string[],
  { role, taken }: { role: Role; taken: ReadonlyMap<number, Role> },
): number | undefined {
  const known = knownColumns(header, role);
  const free = known.filter((column) => !taken.has(column));
  if (free.length > 1) throw ambiguous(header, role, free);
  const [column] = free;
  if (column === undefined && role.isRequired) throw missing(header, { role, known, taken });
  return column;
}

function missing(
  header: readonly string[],
  { role, known, taken }: { role: Role; known: number[]; taken: ReadonlyMap<number, Role> },
): FileRefused {
  const [column] = known;
  const other = column === undefined ? undefined : taken.get(column);
  if (column !== undefined && other !== undefined) {
    return new FileRefused(
      `${other.flag} names the column ${placed(header, column)}, which is known to be ${role.what}: name another one with ${other.flag} or ${role.flag}`,
    );
  }
  return new FileRefused(
    `No column is known to be ${role.what}: name it with ${role.flag}. The columns are ${header.map(quoted).join(', ')}`,
  );
}

function columnNamed(
  header: readonly string[],
  { role, flagged }: { role: Role; flagged: string },
): number {
  const same = columnsCalled(header, flagged);
  const [column] = same;
  if (same.length > 1) throw ambiguous(header, role, same);
  if (column !== undefined) return column;
  const number = /^\d{1,5}$/.test(flagged) ? Number(flagged) : 0;
  if (number >= 1 && number <= header.length) return number - 1;
  throw new FileRefused(
    `${role.flag} names the column ${quoted(flagged)}, which isn't there. The columns are ${header.map(quoted).join(', ')}`,
  );
}

/** The columns of exactly that name; where there are none, those of the same name in another spelling. */
function columnsCalled(header: readonly string[], called: string): number[] {
  const exact = header.flatMap((name, index) => (name === called ? [index] : []));
  const normal = normalName(called);
  // All names without letters and digits, such as # and $, would be spellings of one name.
  if (exact.length > 0 || normal === '') return exact;
  return header.flatMap((name, index) => (normalName(name) === normal ? [index] : []));
}

function ambiguous(header: readonly string[], role: Role, columns: readonly number[]): FileRefused {
  const areOfOneName = new Set(columns.map((column) => header[column])).size < columns.length;
  const found = columns.map((column) => placed(header, column)).join(' and ');
  const way = areOfOneName ? 'by its number' : 'by its name or number';
  return new FileRefused(
    `${columns.length} columns may be ${role.what}, ${found}: name the right one ${way} with ${role.flag}`,
  );
}

function placed(header: readonly string[], column: number): string {
  return `${quoted(header[column] ?? '')} (column ${column + 1})`;
}

/** The table of roles for `--help`: what is known by which names, and the flag for others. */
export function describeRoles(roles: Readonly<Record<string, Role>>): string {
  const rows = Object.values(roles).map(({ flag, what, names, pattern, isRequired }) => ({
    what: isRequired ? what : `${what} (optional)`,
    flag,
    names: [...names, ...(pattern === undefined ? [] : [pattern.example])],
  }));
  const whatWidth = Math.max(...rows.map(({ what }) => what.length));
  return rows
    .map(({ what, flag, names }) =>
      [
        `  ${what.padEnd(whatWidth)}  ${flag}`,
        ...wrapped(names.length > 0 ? names.join(', ') : 'only with the flag').map(
          (line) => `      ${line}`,
        ),
      ].join('\n'),
    )
    .join('\n');
}

const widthMax = 90;

function wrapped(text: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length >= widthMax) {
      lines.push(line);
      line = '';
    }
    line += line === '' ? word : ` ${word}`;
  }
  return [...lines, line];
}

/** The columns that no role takes, and those of them whose names say that they hold ids. */
export function unusedColumns(
  header: readonly string[],
  used: ReadonlySet<number | undefined>,
): { readonly unused: string[]; readonly ids: string[] } {
  const unused = header.filter((name, index) => !used.has(index) && name !== '');
  return { unused, ids: unused.filter((name) => /(^|_)id$/.test(normalName(name))) };
}
