import { relative } from 'node:path';
import { gatewayPrefix, gatewaySettings } from '@loyalty/gateway/config.ts';
import { ledgerPrefix, ledgerSettings } from '@loyalty/ledger/config.ts';
import { localPrefix, localSettings } from '@loyalty/local/settings.ts';
import { listSettings, type Setting } from '@loyalty/platform/setting-list.ts';
import { programsPrefix, programsSettings } from '@loyalty/programs/config.ts';
import { webhooksPrefix, webhooksSettings } from '@loyalty/webhooks/config.ts';
import { root } from './commands.ts';

/** From the project's top. */
export const configurationDocsFile = 'docs/configuration.md';

/** What reads settings of its own: its name, the prefix of its environment variables, and the settings. */
interface Configured {
  readonly name: string;
  readonly prefix: string;
  readonly settings: readonly Setting[];
}

const processes: readonly Configured[] = [
  { name: 'Gateway', prefix: gatewayPrefix, settings: listSettings(gatewaySettings) },
  { name: 'Ledger', prefix: ledgerPrefix, settings: listSettings(ledgerSettings) },
  { name: 'Programs', prefix: programsPrefix, settings: listSettings(programsSettings) },
  { name: 'Webhooks', prefix: webhooksPrefix, settings: listSettings(webhooksSettings) },
];
const local: Configured = {
  name: 'npm start',
  prefix: localPrefix,
  settings: listSettings(localSettings),
};

export const configured: readonly Configured[] = [...processes, local];

const introduction = `<!-- Written by \`npm run generate\` from the schemas in config.ts of each process. -->
# Configuration

Settings are environment variables, with the prefix of the process that reads them. An empty value counts as none.
If a setting is unknown, missing or invalid, the process prints a line that names it, without the value, and exits with
code 78 before it listens.

**Required** settings have no default. A **secret** belongs in a secret store: anyone who knows it can do harm.
[Deploy](deploy.md) explains what the settings are for: [TLS](deploy.md#tls), [tokens](deploy.md#tokens),
[limits of callers](deploy.md#limits-of-callers). The settings of the \`loyalty\` command are in
[import](import.md#another-platform) and \`npx loyalty --help\`.`;

/** The page, from the schemas as they are now. */
export function configurationDocs(): string {
  const services = processes.filter(({ name }) => name !== 'Gateway');
  const common = commonTo(processes);
  const ofServices = commonTo(services).filter(({ name }) => !isAmong(common, name));
  const shared = [...common, ...ofServices];
  const sections = [
    section('Every process', `Behind ${prefixes(processes)}.`, { settings: common, prefix: '…_' }),
    section('Programs, Ledger and Webhooks', `Behind ${prefixes(services)}.`, {
      settings: ofServices,
      prefix: '…_',
    }),
    ...processes.map(({ name, prefix, settings }) =>
      section(name, 'In addition to those above.', {
        settings: settings.filter((setting) => !isAmong(shared, setting.name)),
        prefix,
      }),
    ),
    section(
      'On one machine: npm start',
      'It gives the processes the settings above that they need. These are its own.',
      local,
    ),
  ];
  return `${[introduction, ...sections].join('\n\n')}\n`;
}

/** The settings that are the same in all of them, up to the prefix. */
function commonTo([first, ...others]: readonly Configured[]): Setting[] {
  return (first?.settings ?? []).filter((setting) =>
    others.every(({ settings }) =>
      settings.some((other) => JSON.stringify(other) === JSON.stringify(setting)),
    ),
  );
}

function isAmong(settings: readonly Setting[], name: string): boolean {
  return settings.some((setting) => setting.name === name);
}

function prefixes(of: readonly Configured[]): string {
  const quoted = of.map(({ prefix }) => `\`${prefix}\``);
  return `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
}

function section(
  title: string,
  text: string,
  { settings, prefix }: Pick<Configured, 'settings' | 'prefix'>,
): string {
  const rows = settings.map(({ name, description, isSecret, ...setting }) => {
    const meaning = isSecret ? `${description} (**secret**)` : description;
    return `| \`${prefix}${name}\` | ${meaning} | ${presetOf(setting)} | ${setting.allowed ?? 'any text'} |`;
  });
  const header = ['| setting | | default | values |', '|---|---|---|---|'];
  return [`## ${title}`, '', text, '', ...header, ...rows].join('\n');
}

function presetOf({ isRequired, preset }: Pick<Setting, 'isRequired' | 'preset'>): string {
  if (isRequired) return '**required**';
  const text = [preset ?? []].flat().join(', ');
  if (text === '') return 'none';
  // A folder of the project is elsewhere in each clone.
  return `\`${text.startsWith(root) ? relative(root, text) : text}\``;
}
