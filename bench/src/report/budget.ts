// What one call costs by step: what the ledger does at that time, regardless of the package that does it.
import { styleText } from 'node:util';
import type { CpuProfile } from './profile.ts';

/** A step of a call. A sample belongs to the line that matches the innermost of its frames that any line matches. */
interface BudgetLine {
  readonly name: string;
  /** Parts of files' paths; with the names of functions, separated by commas, after a `#`. */
  readonly frames: readonly string[];
}

const ledger = 'services/ledger/src';

const budget: readonly BudgetLine[] = [
  {
    name: 'receive and decode',
    frames: [
      'platform/src/binary-message.ts',
      'platform/src/rpc/grpc-streams.ts',
      'platform/src/rpc/stream-times.ts',
      'platform/src/rpc/grpc-call.ts#start,onReceiveMetadata,onReceiveMessage,onReceiveHalfClose,GrpcCall',
      'node_modules/@grpc/grpc-js/build/src/server.js',
    ],
  },
  {
    name: 'authenticate, authorize, validate',
    frames: [
      'platform/src/auth/',
      'platform/src/rpc/admissions.ts',
      'platform/src/rpc/caller-limits.ts',
      'platform/src/rpc/trusted-callers.ts',
      'platform/src/rpc/quick-validation.ts',
      'platform/src/rpc/validation.ts',
      'platform/src/rpc/pipeline.ts#identify',
      'platform/src/rpc/storable.ts',
    ],
  },
  {
    name: 'queue',
    frames: [
      `${ledger}/app/commit-queue.ts`,
      `${ledger}/app/commit-batch.ts`,
      `${ledger}/app/queue-keys.ts`,
      `${ledger}/app/batch-pace.ts`,
      `${ledger}/app/set-apart.ts`,
    ],
  },
  {
    name: 'lock and read',
    frames: [
      `${ledger}/storage/lock-ledger.ts`,
      `${ledger}/storage/membership-ids.ts`,
      `${ledger}/storage/read-`,
    ],
  },
  {
    name: 'decide',
    frames: [
      `${ledger}/storage/locked-ledger.ts`,
      `${ledger}/storage/command-state.ts`,
      `${ledger}/storage/ledger-layers.ts`,
      `${ledger}/domain/`,
      `${ledger}/catalog/`,
      `${ledger}/app/earn.ts`,
      'rules/src/evaluate.ts',
      'rules/src/fingerprint.ts',
    ],
  },
  {
    name: 'encode and write',
    frames: [
      `${ledger}/storage/write-`,
      `${ledger}/storage/bulk`,
      `${ledger}/events/outbox-entries.ts`,
      'rules/src/transaction-encoding.ts',
    ],
  },
  {
    name: 'respond',
    frames: [
      `${ledger}/messages/earn-message.ts`,
      `${ledger}/messages/balance-message.ts`,
      'platform/src/rpc/grpc-call.ts#succeed,releaseWhenClosed',
      'platform/src/binary-encoding.ts',
    ],
  },
  {
    name: 'log and metrics',
    frames: [
      'platform/src/telemetry/',
      'platform/src/logging.ts',
      'node_modules/pino/',
      'node_modules/prom-client/',
    ],
  },
  {
    name: 'publish',
    frames: [
      `${ledger}/events/event-encoder.ts`,
      `${ledger}/events/recent-records.ts`,
      `${ledger}/messages/event-message.ts`,
      `${ledger}/messages/entry-message.ts`,
      `${ledger}/storage/changed-records.ts`,
      'platform/src/outbox/',
      'platform/src/messaging/',
      'node_modules/nats/',
    ],
  },
];

/** For samples that match no line of the budget: what Node and packages do by themselves. */
const fallbackLines: readonly BudgetLine[] = [
  { name: 'lock and read', frames: ['node_modules/pg-protocol/', 'node_modules/pg/'] },
  { name: 'HTTP/2 by itself', frames: ['node_modules/@grpc/', 'node:internal/http2/'] },
];

const collecting = 'collect garbage';

/** The share of each step, in the order in which a call reaches them. The last is what belongs to none. */
export function budgetShares(profiles: readonly CpuProfile[]): { name: string; share: number }[] {
  const selfUs = new Map<string, number>();
  for (const { nodes, samples, timeDeltas } of profiles) {
    const byId = new Map(nodes.map((node) => [node.id, node]));
    const parents = new Map(
      nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])),
    );
    const names = new Map(
      nodes.map(({ id }) => {
        const frames: string[] = [];
        for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
          const frame = byId.get(at)?.callFrame;
          if (frame !== undefined) frames.push(`${frame.url}#${frame.functionName}`);
        }
        return [id, nameOf(frames)];
      }),
    );
    for (const [index, id] of samples.entries()) {
      const name = names.get(id) ?? 'other';
      // A sample stands for the time until the next one.
      selfUs.set(name, (selfUs.get(name) ?? 0) + Math.max(timeDeltas[index + 1] ?? 0, 0));
    }
  }
  selfUs.delete('(idle)');
  const sum = [...selfUs.values()].reduce((all, us) => all + us, 0);
  const order = [...budget.map(({ name }) => name), 'HTTP/2 by itself', collecting, 'other'];
  return order.map((name) => ({ name, share: (selfUs.get(name) ?? 0) / sum }));
}

/** @param frames `url#function`, the innermost first */
function nameOf(frames: readonly string[]): string {
  const [self = ''] = frames;
  if (self === '#(garbage collector)') return collecting;
  if (self === '#(idle)') return '(idle)';
  for (const among of [budget, fallbackLines]) {
    for (const frame of frames) {
      const line = among.find((each) => each.frames.some((pattern) => isAt(frame, pattern)));
      if (line !== undefined) return line.name;
    }
  }
  return 'other';
}

function isAt(frame: string, pattern: string): boolean {
  const [path = '', functions] = pattern.split('#');
  const [url = '', name = ''] = frame.split('#');
  if (!url.includes(path)) return false;
  return functions === undefined || functions.split(',').includes(name);
}

/** The budget of one call, as lines for people. */
export function budgetLines(profiles: readonly CpuProfile[], cpuPerCallUs: number): string[] {
  return [
    '',
    styleText('bold', `Of ${cpuPerCallUs.toFixed(0)} µs of its process a call, by step`),
    ...budgetShares(profiles).map(
      ({ name, share }) => `${(share * cpuPerCallUs).toFixed(1).padStart(7)} µs  ${name}`,
    ),
  ];
}
