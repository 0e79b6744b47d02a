// What each folder may import. Import cycles are found by biome.
import { manifests } from './manifests.ts';
import type { SourceImport } from './source-imports.ts';

interface Layer {
  /** The paths, from the project's top, that belong to it. A file belongs to the first layer that fits. */
  readonly paths: RegExp;
  /** What it may import: paths, npm packages by name, and Node's own modules as `node:…`. */
  readonly may: RegExp;
}

const generated = 'proto/gen/.*';
const platform = 'platform/src/.*';
const rules = 'rules/src/.*';
const instant = 'rules/src/instant\\.ts';
const client = 'clients/typescript/src/.*';
const messages = '@bufbuild/protobuf';
const node = 'node:.*';
const npm = '[^/]+|@[^/]+/[^/]+';

const layers: readonly Layer[] = [
  {
    paths: match('rules/src/.*\\.test\\.ts', 'rules/test/.*'),
    may: match('rules/.*', generated, 'local/src/.*', node, npm),
  },
  {
    // Pure: no clock, no randomness, no input or output.
    paths: match('rules/src/.*'),
    may: match(
      rules,
      'proto/gen/loyalty/programs/v1/(?!.*_service_pb).*',
      messages,
      '@bufbuild/(cel|re2)',
      'temporal-polyfill',
      // For hashes.
      'node:crypto',
    ),
  },
  {
    paths: match('clients/typescript/src/.*\\.test\\.ts', 'clients/typescript/test/.*'),
    may: match('clients/typescript/.*', generated, 'local/src/.*', node, npm),
  },
  {
    // Installed alone, by others: nothing of the platform but the contracts.
    paths: match(client),
    may: match(client, 'proto/gen/(google|loyalty)/.*', messages, '@grpc/grpc-js', 'nats', node),
  },
  {
    paths: match('platform/src/.*\\.test\\.ts', 'platform/test/.*'),
    may: match('platform/.*', generated, 'local/src/.*', node, npm),
  },
  {
    paths: match('platform/src/messaging/.*'),
    may: match(platform, node, npm),
  },
  {
    // Of the contracts, only those without a noun of the domain.
    paths: match('platform/src/.*'),
    may: match(
      platform,
      // How grpc-js is called, and what its errors say.
      'clients/typescript/src/(channel|call-failure)\\.ts',
      'proto/gen/(google|grpc|health)/.*',
      'proto/gen/loyalty/options/.*',
      'proto/gen/loyalty/events/v1/outbox_pb\\.ts',
      node,
      `(?!nats$)(${npm})`,
    ),
  },
  ...serviceLayers('programs'),
  ...serviceLayers('ledger'),
  ...serviceLayers('webhooks'),
  {
    paths: match('gateway/src/.*\\.test\\.ts', 'gateway/test/.*'),
    may: match('gateway/.*', generated, platform, 'local/src/.*', node, npm),
  },
  {
    paths: match('gateway/src/.*'),
    may: match('gateway/src/.*', generated, platform, node, `(?!(pg|knex|nats)$)(${npm})`),
  },
  {
    // What is tried against a programs service runs one.
    paths: match('cli/test/programs(-docs)?\\.test\\.ts'),
    may: match(
      'cli/.*',
      'services/programs/test/running-programs\\.ts',
      generated,
      platform,
      'local/src/.*',
      node,
      npm,
    ),
  },
  {
    paths: match('cli/.*'),
    may: match(
      'cli/.*',
      generated,
      platform,
      client,
      // Money, what clocks on the wall show, and what is wrong with rules.
      'rules/src/(decimal|fraction|rule-set-defaults|time-zone-name|validate-rule-set|zone-clock)\\.ts',
      'services/ledger/src/(verify|replay)/.*',
      'local/src/(linear-time|property|test-(certificates|environment|patience))\\.ts',
      node,
      npm,
    ),
  },
  {
    paths: match('local/.*'),
    may: match('local/.*', generated, platform, node, npm),
  },
  {
    // What it does to the platform it does from outside; it looks inside only to verify.
    paths: match('e2e/faults/.*'),
    may: match('(e2e|local|platform|proto)/.*', 'services/ledger/src/verify/.*', node, npm),
  },
  {
    // From outside, as any other client, with what starts the platform.
    paths: match('(e2e|bench)/.*'),
    may: match('(e2e|bench|local|platform|proto|rules)/.*', client, node, npm),
  },
  {
    // The document of what the gateway serves is made of the gateway's own routes.
    paths: match('scripts/openapi/.*'),
    may: match('scripts/.*', 'gateway/src/.*', platform, node, npm),
  },
  {
    paths: match('scripts/.*'),
    may: match(
      'scripts/.*',
      platform,
      'local/src/.*',
      // To read the settings of deployments as the processes do.
      '(services/[^/]+|gateway)/src/config\\.ts',
      // The events that the page about them describes.
      'services/webhooks/src/events/data-schemas\\.ts',
      node,
      npm,
    ),
  },
];

function serviceLayers(service: 'programs' | 'ledger' | 'webhooks'): Layer[] {
  const own = `services/${service}`;
  const domain = `${own}/src/domain/.*`;
  const app = `${own}/src/app/.*`;
  const renderings = `${own}/src/messages/.*`;
  const layer = (folder: string, ...may: string[]): Layer => ({
    paths: match(`${own}/src/${folder}/.*`),
    may: match(`${own}/src/${folder}/.*`, ...may),
  });
  return [
    {
      // Tests may run the other service, but only by starting it as a process.
      paths: match(`${own}/src/.*\\.test\\.ts`, `${own}/test/.*`),
      may: match(
        `${own}/.*`,
        'services/[^/]+/src/(wiring|config)\\.ts',
        generated,
        platform,
        rules,
        'local/src/.*',
        node,
        npm,
      ),
    },
    layer('domain', rules, 'temporal-polyfill'),
    layer('app', domain, rules, 'node:crypto', 'temporal-polyfill'),
    layer(
      'storage',
      domain,
      app,
      rules,
      'platform/src/postgres/.*',
      'platform/src/outbox/first-lease\\.ts',
      'platform/src/errors\\.ts',
      node,
      'pg',
      'knex',
      'lru-cache',
    ),
    // What the contracts make of the domain, for callers and in events.
    layer(
      'messages',
      domain,
      app,
      rules,
      generated,
      'platform/src/rpc/(timestamps|storable)\\.ts',
      'platform/src/[^/]+',
      messages,
    ),
    layer(
      'events',
      domain,
      app,
      renderings,
      rules,
      generated,
      'platform/src/(json|messaging|outbox|telemetry)/.*',
      'platform/src/[^/]+',
      node,
      messages,
      'pino',
    ),
    layer(
      'rpc',
      domain,
      app,
      renderings,
      rules,
      generated,
      'platform/src/(rpc|auth|telemetry)/.*',
      'platform/src/[^/]+',
      node,
      messages,
      'pino',
    ),
    // Where the ledger gets the programs from: over gRPC and JetStream.
    layer(
      'catalog',
      domain,
      app,
      rules,
      generated,
      'platform/src/(messaging|rpc|telemetry)/.*',
      'platform/src/[^/]+',
      node,
      messages,
      'pino',
      'lru-cache',
    ),
    // Where programs and webhooks ask the ledger, over gRPC.
    layer('ledger', domain, app, generated, 'platform/src/rpc/.*', messages),
    // What webhooks send to endpoints of others.
    layer('sending', domain, instant, node, 'ipaddr\\.js', 'standardwebhooks'),
    // What has to be true of the tables, and of the events that follow from them. The CLI runs it.
    layer(
      'verify',
      'rules/src/language\\.ts',
      `${own}/src/storage/application-role\\.ts`,
      `${own}/src/storage/(journal-reader|rule-names)\\.ts`,
      `${own}/src/app/journal-reader\\.ts`,
      `${own}/src/messages/event-message\\.ts`,
      `${own}/src/events/(streams|outbox-entries)\\.ts`,
      'platform/src/(postgres|messaging|outbox)/.*',
      'pg',
    ),
    // Derives what the ledger decided again, from what it stores. The CLI runs it.
    layer(
      'replay',
      domain,
      app,
      rules,
      generated,
      `${own}/src/storage/(earn-rows|entry-rows)\\.ts`,
      `${own}/src/catalog/program-definition\\.ts`,
      'platform/src/postgres/.*',
      messages,
      'pg',
      'lru-cache',
    ),
    layer(
      'jobs',
      domain,
      app,
      instant,
      'platform/src/telemetry/.*',
      'platform/src/[^/]+',
      node,
      'pino',
    ),
    // The composition root imports everything but the other service.
    {
      paths: match(`${own}/src/[^/]+`),
      may: match(`${own}/src/.*`, generated, platform, rules, node, npm),
    },
  ];
}

function match(...alternatives: string[]): RegExp {
  return new RegExp(`^(${alternatives.join('|')})$`);
}

/** One line for each import that its folder may not have, or whose package its workspace doesn't declare. */
export function forbiddenImports(imports: readonly SourceImport[]): string[] {
  return imports.flatMap(({ file, target }) => {
    const layer = layers.find(({ paths }) => paths.test(file));
    if (!layer) return [`${file} is in no layer: add its folder to scripts/import-layers.ts`];
    if (!layer.may.test(target)) return [`${file} may not import ${target}`];
    return isDeclared(file, target)
      ? []
      : [`${file} imports ${target}, which its package.json lacks`];
  });
}

const packages = new Map(manifests().map((manifest) => [manifest.folder, manifest]));

// npm puts every package where all workspaces find it, so that a missing line shows only in an image.
function isDeclared(file: string, target: string): boolean {
  if (target.startsWith('node:')) return true;
  const importer = workspaceOf(file);
  const owner = target.endsWith('.ts') ? workspaceOf(target) : undefined;
  if (owner === importer) return true;
  const name = owner === undefined ? target : packages.get(owner)?.name;
  const isForTests = /\.test\.ts$|(^|\/)test\//.test(file) || importer === '';
  const own = packages.get(importer);
  return [
    own?.dependencies,
    // The contracts are compiled into the package, which can't depend on what no registry has.
    ...(importer === 'clients/typescript' && owner === 'proto' ? [own?.devDependencies] : []),
    // What all tests use is declared at the top.
    ...(isForTests ? [own?.devDependencies, packages.get('')?.devDependencies] : []),
  ].some((declared) => declared && name && name in declared);
}

function workspaceOf(path: string): string {
  const folders = [...packages.keys()].filter((folder) => path.startsWith(`${folder}/`));
  // A workspace can be in the folder of another one.
  return folders.reduce((inner, folder) => (folder.length > inner.length ? folder : inner), '');
}
