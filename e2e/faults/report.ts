import { isNoticed, isSound, type Result, type Row } from './trial.ts';

/** One line for a run of a row, and one for each thing that was wrong. */
export function rowLine(row: Row, result: Result, { isControl = false } = {}): string {
  const isGood = isControl ? isNoticed(result, row.control) : isSound(result);
  const mark = isGood ? '✓' : '✗';
  const title = isControl ? `  without ${row.control.off}` : row.fault;
  const numbers = [
    `${result.strikes} ×`,
    `${result.operations} operations`,
    `${result.unknown} unknown`,
    `${result.lost} lost`,
    `${result.doubled} doubled`,
    `recovered in ${seconds(result.recoveryMs)}`,
    ...Object.entries(result.counts).map(([name, count]) => `${count} ${name}`),
  ];
  const took = `(${seconds(result.tookMs)})`;
  return [
    `${mark} ${row.id}: ${title}: ${numbers.join(', ')} ${took}`,
    ...result.problems.map((problem) => `    ${problem}`),
  ].join('\n');
}

/** The table of docs/reliability.md. */
export function tableOf(
  results: readonly { row: Row; result?: Result; control?: Result }[],
): string {
  const header = [
    '| row | fault | times | operations | unknown | lost | doubled | recovery | control: without … | it shows |',
    '|---|---|---|---|---|---|---|---|---|---|',
  ];
  const lines = results.map(({ row, result, control }) => {
    const shown = control === undefined ? '' : noticedBy(row, control);
    const numbers = result && [
      result.strikes,
      result.operations,
      result.unknown,
      result.lost,
      result.doubled,
      seconds(result.recoveryMs),
    ];
    const cells = [row.fault, ...(numbers ?? ['', '', '', '', '', '']), row.control.off, shown];
    return `| ${[`\`${row.id}\``, ...cells].join(' | ')} |`;
  });
  return ['', ...header, ...lines].join('\n');
}

function noticedBy({ control }: Row, result: Result): string {
  if (!isNoticed(result, control)) return 'NOTHING';
  const { shows } = control;
  return typeof shows === 'string'
    ? `${result[shows]} ${shows}`
    : (result.problems.find((problem) => shows.test(problem)) ?? '');
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
