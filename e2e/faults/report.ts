import { type Control, controlsOf, isNoticed, isSound, type Result, type Row } from './trial.ts';

/** One line for a run of a row, and one for each thing that was wrong. */
export function rowLine(row: Row, result: Result, control?: Control): string {
  const isGood = control === undefined ? isSound(result) : isNoticed(result, control);
  const mark = isGood ? '✓' : '✗';
  const title = control === undefined ? row.fault : `  without ${control.off}`;
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
  results: readonly { row: Row; result?: Result; controls: ReadonlyMap<Control, Result> }[],
): string {
  const header = [
    '| row | fault | times | operations | unknown | lost | doubled | recovery | control: without … | it shows |',
    '|---|---|---|---|---|---|---|---|---|---|',
  ];
  const lines = results.flatMap(({ row, result, controls }) => {
    const numbers = result && [
      result.strikes,
      result.operations,
      result.unknown,
      result.lost,
      result.doubled,
      seconds(result.recoveryMs),
    ];
    const cells = [`\`${row.id}\``, row.fault, ...(numbers ?? Array(6).fill(''))];
    return controlsOf(row).map((control, index) => {
      const shown = controls.get(control);
      const last = [control.off, shown === undefined ? '' : noticedBy(control, shown)];
      return `| ${[...(index === 0 ? cells : cells.map(() => '')), ...last].join(' | ')} |`;
    });
  });
  return ['', ...header, ...lines].join('\n');
}

function noticedBy(control: Control, result: Result): string {
  if (!isNoticed(result, control)) return 'NOTHING';
  const { shows } = control;
  return typeof shows === 'string'
    ? `${result[shows]} ${shows}`
    : (result.problems.find((problem) => shows.test(problem)) ?? '');
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
