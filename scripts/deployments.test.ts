import { describe, expect, test } from '@jest/globals';
import { composeProblems } from './compose-problems.ts';
import { type KubernetesObject, kubernetesProblems } from './kubernetes-problems.ts';

const settings = {
  PROGRAMS_DATABASE_URL: 'postgres://postgres:5432/programs',
  PROGRAMS_NATS_URL: 'nats://nats:4222',
  PROGRAMS_LEDGER_ADDRESS: 'ledger-grpc:50052',
  PROGRAMS_JWT_ISSUER: 'issuer',
  PROGRAMS_JWT_AUDIENCE: 'loyalty',
  PROGRAMS_JWT_SECRET: 'a secret of more than thirty-two bytes',
};

interface Changes {
  readonly settings?: Readonly<Record<string, string>>;
  readonly secretName?: string;
  readonly grpcPort?: number;
  readonly servicePort?: number;
  readonly servicePortName?: string;
  readonly graceSeconds?: number;
  readonly enableServiceLinks?: boolean;
}

function programs(changes: Changes = {}): KubernetesObject[] {
  const probe = (path: string) => ({ httpGet: { path, port: 'management' } });
  return [
    {
      kind: 'Secret',
      metadata: { name: 'programs' },
      stringData: { ...settings, ...changes.settings },
    },
    {
      kind: 'Service',
      metadata: { name: 'programs-grpc' },
      spec: {
        selector: { 'app.kubernetes.io/name': 'programs' },
        ports: [
          { port: changes.servicePort ?? 50_051, targetPort: changes.servicePortName ?? 'grpc' },
        ],
      },
    },
    {
      kind: 'Service',
      metadata: { name: 'ledger-grpc' },
      spec: {
        selector: { 'app.kubernetes.io/name': 'ledger' },
        ports: [{ port: 50_052, targetPort: 'grpc' }],
      },
    },
    {
      kind: 'Deployment',
      metadata: { name: 'programs' },
      spec: {
        template: {
          spec: {
            enableServiceLinks: changes.enableServiceLinks ?? false,
            terminationGracePeriodSeconds: changes.graceSeconds ?? 30,
            containers: [
              {
                envFrom: [{ secretRef: { name: changes.secretName ?? 'programs' } }],
                ports: [
                  { name: 'grpc', containerPort: changes.grpcPort ?? 50_051 },
                  { name: 'http', containerPort: 8081 },
                  { name: 'management', containerPort: 9091 },
                ],
                lifecycle: { preStop: { sleep: { seconds: 5 } } },
                startupProbe: probe('/livez'),
                livenessProbe: probe('/livez'),
                readinessProbe: probe('/readyz'),
              },
            ],
          },
        },
      },
    },
  ];
}

function problemsOf(changes?: Changes): string[] {
  return kubernetesProblems(programs(changes)).filter((line) => line.startsWith('programs'));
}

describe('a check of Kubernetes manifests', () => {
  test('finds nothing in those that fit', () => {
    expect(problemsOf()).toEqual([]);
  });

  test('misses a process that is not deployed', () => {
    expect(kubernetesProblems(programs())).toEqual([
      'ledger is not deployed',
      'gateway is not deployed',
    ]);
  });

  test.each<[string, Changes]>([
    ['PROGRAMS_POOL is not a setting', { settings: { PROGRAMS_POOL: '5' } }],
    ['PROGRAMS_DATABASE_URL is missing', { settings: { PROGRAMS_DATABASE_URL: '' } }],
    ['there is no Secret other', { secretName: 'other' }],
    [
      'there is no Service for ledger:50052',
      { settings: { PROGRAMS_LEDGER_ADDRESS: 'ledger:50052' } },
    ],
    ['port grpc is 50051 there and 50052 in the manifest', { grpcPort: 50_052 }],
    ['the Service programs-grpc has port 80 for grpc', { servicePort: 80 }],
    [
      'the Service programs-grpc must not have the management port',
      { servicePortName: 'management' },
    ],
    ['terminationGracePeriodSeconds must be 30 or more', { graceSeconds: 29 }],
    ['enableServiceLinks must be false', { enableServiceLinks: true }],
  ])('finds: %s', (problem, changes) => {
    expect(problemsOf(changes)).toEqual([expect.stringContaining(`programs: ${problem}`)]);
  });
});

test('a check of a compose file finds settings, ports and names that do not fit', () => {
  const gateway = {
    GATEWAY_PROGRAMS_ADDRESS: 'programs:50051',
    GATEWAY_LEDGER_ADDRESS: 'ledgers:50052',
    GATEWAY_JWT_ISSUER: 'issuer',
    GATEWAY_JWT_AUDIENCE: 'loyalty',
    GATEWAY_JWT_SECRET: 'a secret of more than thirty-two bytes',
  };
  const problems = composeProblems({
    services: {
      programs: { environment: { ...settings, PROGRAMS_POOL: '5' } },
      gateway: { environment: gateway, ports: ['127.0.0.1:8080:80'] },
    },
  });
  expect(problems).toEqual([
    expect.stringContaining('programs: PROGRAMS_POOL is not a setting'),
    'ledger: is missing',
    'gateway: nothing listens on the inner port of 127.0.0.1:8080:80',
    'gateway: there is no service ledgers',
    'gateway: stop_grace_period must be 25s or more',
  ]);
});
