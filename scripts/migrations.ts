import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './commands.ts';

const services = ['services/programs', 'services/ledger', 'services/webhooks'];

/**
 * What is wrong with a migration's name or first line. The first line says since which migration a release may be to work on the
 * schema that this one leads to: `-- readable since 0004`. While a release rolls out, or back, the one before works on its
 * schema.
 */
export function migrationProblem(name: string, sql: string): string | undefined {
  const [, number] = /^(\d{4})_[a-z0-9_]+\.sql$/.exec(name) ?? [];
  if (number === undefined) return `${name}: call it like 0007_what_it_does.sql`;
  const [, since] = /^-- readable since (\d{4})\n/.exec(sql) ?? [];
  if (since === undefined)
    return `${name}: begin it with a line such as -- readable since ${number}`;
  if (since === '0000' || since > number) return `${name}: there is no earlier migration ${since}`;
  return undefined;
}

/** The same for all migrations of all services. */
export function migrationProblems(): string[] {
  return services.flatMap((service) => {
    const directory = join(root, service, 'migrations');
    const problems = readdirSync(directory)
      .toSorted()
      .map((name) => migrationProblem(name, readFileSync(join(directory, name), 'utf8')));
    return problems.flatMap((problem) => (problem === undefined ? [] : `${service}: ${problem}`));
  });
}
