import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { balanceRoles } from '../src/import/balance-file.ts';
import type { Role } from '../src/import/columns.ts';
import { purchaseRoles } from '../src/import/purchase-columns.ts';

const page = readFileSync(new URL('../../docs/import.md', import.meta.url), 'utf8');

const head = '| what | flag | names |\n|---|---|---|\n';

function tableOf(roles: Readonly<Record<string, Role>>): string {
  const rows = Object.values(roles).map(({ what, flag, names, pattern, isRequired }) => {
    const known = names.map((name) => `\`${name}\``);
    const all = pattern === undefined ? known : [...known, pattern.example];
    return `| ${what}${isRequired ? '' : ' (optional)'} | \`${flag}\` | ${all.length > 0 ? all.join(', ') : 'none'} |\n`;
  });
  return `${head}${rows.join('')}\n`;
}

test.each([
  ['purchases', purchaseRoles],
  ['balances', balanceRoles],
])('docs/import.md has the columns of %s', (_, roles) => {
  expect(page).toContain(tableOf(roles));
});
