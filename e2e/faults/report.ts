import { isSound, type Result, type Row } from './trial.ts';

/** One line for a run of a row, and one for each thing that was wrong. */
export function rowLine(row: Row, result: Result, { isControl = false } = {}): string {
  const mark = isSound(result) === isControl ? '✗' : '✓';
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
    '| fault | times | operations | unknown | lost | doubled | recovery | without … the row shows |',
    '|---|---|---|---|---|---|---|---|',
  ];
  const lines = results.map(({ row, result, control }) => {
    const shown = control === undefined ? '' : `${row.control.off}: ${redness(control)}`;
    const numbers = result && [
      result.strikes,
      result.operations,
      result.unknown,
      result.lost,
      result.doubled,
      seconds(result.recoveryMs),
    ];
    return `| ${[row.fault, ...(numbers ?? ['', '', '', '', '', '']), shown].join(' | ')} |`;
  });
  return ['', ...header, ...lines].join('\n');
}

function redness(control: Result): string {
  if (isSound(control)) return 'NOTHING';
  return [
    ...(control.lost > 0 ? [`${control.lost} lost`] : []),
    ...(control.doubled > 0 ? [`${control.doubled} doubled`] : []),
    ...control.problems.map((problem) => problem.slice(0, 80)),
  ]
    .slice(0, 2)
    .join(', ');
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
