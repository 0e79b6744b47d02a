import { FileRefused } from './file-refused.ts';
import { RecordSplitter } from './records.ts';

const customary = [',', ';', '\t'];
const names: ReadonlyMap<string, string> = new Map([
  [',', 'comma'],
  [';', 'semicolon'],
  ['\t', 'tab'],
]);

/** A separator by its name, for a person. */
export function separatorName(separator: string): string {
  return names.get(separator) ?? separator;
}

/** The separator for a name or for the character itself; undefined if it can't be one. */
export function separatorOf(text: string): string | undefined {
  const named = [...names].find(([, name]) => name === text)?.[0];
  return named ?? (text.length === 1 && !/["\s]/.test(text) ? text : undefined);
}

/** The separator that a first line such as `sep=;` names, which spreadsheets write. */
export function namedSeparator(head: string): string | undefined {
  return /^sep=(.)\n/i.exec(head)?.[1];
}

/**
 * The separator by which the first line has the most names that are known.
 *
 * @throws {FileRefused} when there is none, or several do equally well
 */
export function chooseSeparator(
  head: string,
  { countKnown }: { countKnown: (header: readonly string[]) => number },
): string {
  const candidates = customary
    .map((separator) => ({ separator, header: headerBy(separator, head) }))
    .filter(({ header }) => header.length > 1)
    .map(({ separator, header }) => ({ separator, known: countKnown(header) }));
  const most = Math.max(...candidates.map(({ known }) => known));
  const [best, ...others] = candidates.filter(({ known }) => known === most);
  if (best === undefined) {
    throw new FileRefused(
      'The first line has no comma, semicolon or tab between names of columns: name the separator with --separator',
    );
  }
  if (others.length > 0) {
    const found = [best, ...others].map(({ separator }) => separatorName(separator)).join(' or ');
    throw new FileRefused(`The separator may be ${found}: name it with --separator`);
  }
  return best.separator;
}

function headerBy(separator: string, head: string): readonly string[] {
  const splitter = new RecordSplitter({ separator, looksWhole: () => true });
  const [first] = [...splitter.push(head), ...splitter.end()];
  return first !== undefined && 'fields' in first ? first.fields : [];
}
