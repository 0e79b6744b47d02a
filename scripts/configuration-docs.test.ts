import { expect, test } from '@jest/globals';
import { configurationDocs, configured } from './configuration-docs.ts';

const settings = configured.flatMap(({ prefix, settings: own }) =>
  own.map((setting) => [prefix + setting.name, setting] as const),
);
const rows = configurationDocs().match(/^\| `.*$/gm) ?? [];

test.each(settings)('%s is described, and is required or has a default', (name, setting) => {
  expect(setting.description).not.toBe('');
  const shared = `…_${setting.name}`;
  const ofSetting = rows.filter((row) => row.startsWith(`| \`${name}\``));
  const ofAll = rows.filter((row) => row.startsWith(`| \`${shared}\``));
  expect([...ofSetting, ...ofAll].length).toBe(1);
  const [, description, preset, values] = [...ofSetting, ...ofAll].join('').split(' | ');
  expect(description).not.toBe('');
  expect(preset).toMatch(/^(\*\*required\*\*|none|`.+`)$/);
  expect(values).not.toBe('');
});

test('a setting that all processes have is described once', () => {
  expect(rows.filter((row) => row.includes('JWT_ISSUER`'))).toHaveLength(1);
  expect(rows.filter((row) => row.includes('DATABASE_POOL_SIZE`'))).toHaveLength(1);
});

test('passwords, keys and what contains them are marked as secret', () => {
  const secrets = settings.filter(([, { isSecret }]) => isSecret).map(([name]) => name);
  expect(secrets.toSorted()).toEqual([
    'GATEWAY_JWT_SECRET',
    'LEDGER_DATABASE_URL',
    'LEDGER_JWT_SECRET',
    'LEDGER_NATS_PASSWORD',
    'PROGRAMS_DATABASE_URL',
    'PROGRAMS_JWT_SECRET',
    'PROGRAMS_NATS_PASSWORD',
    'WEBHOOKS_DATABASE_URL',
    'WEBHOOKS_JWT_SECRET',
    'WEBHOOKS_NATS_PASSWORD',
  ]);
});

test('defaults and values are those of the schemas', () => {
  expect(rows.join('\n')).toContain('| `1000` | a whole number from 10 to 60000 |');
  expect(configurationDocs()).toContain('| `.local` | a path |');
});
