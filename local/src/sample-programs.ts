// The two sample programs. They are created through the gateway, like all programs.

interface SampleProgram {
  program: { programId: string; displayName: string; unit: { singular: string; plural: string } };
  ruleSet: { description: string; earnRules: readonly object[] };
  rewards: readonly { rewardId: string; displayName: string; fixed: { points: number } }[];
}

const hundredDollars = { currencyCode: 'USD', minorUnits: 10_000 };

const samples: readonly SampleProgram[] = [
  {
    program: {
      programId: 'wine-dine',
      displayName: 'Wine & Dine',
      unit: { singular: 'token', plural: 'tokens' },
    },
    ruleSet: {
      description: '5 tokens for each 100.00 USD',
      earnRules: [
        {
          ruleId: 'base',
          displayName: '5 per 100.00 USD',
          rate: { points: 5, per: hundredDollars, mode: 'STEP' },
        },
      ],
    },
    rewards: [
      { rewardId: 'glass', displayName: 'A glass of wine', fixed: { points: 10 } },
      { rewardId: 'bottle', displayName: 'A bottle of wine', fixed: { points: 50 } },
    ],
  },
  {
    program: {
      programId: 'frequent-flyer',
      displayName: 'Frequent Flyer',
      unit: { singular: 'point', plural: 'points' },
    },
    ruleSet: {
      description: '1 point for each 100.00 USD',
      earnRules: [
        {
          ruleId: 'base',
          displayName: '1 per 100.00 USD',
          rate: { points: 1, per: hundredDollars, mode: 'STEP' },
        },
      ],
    },
    rewards: [],
  },
];

interface Gateway {
  url: string;
  adminToken: string;
}

/** Creates the sample programs that don't exist. One that was changed is left unchanged. */
export async function ensureSamplePrograms(gateway: Gateway): Promise<void> {
  await Promise.all(samples.map((sample) => ensureProgram(gateway, sample)));
}

// Activation comes last: a program that isn't a DRAFT is complete, or the user has changed it.
async function ensureProgram(gateway: Gateway, { program, ruleSet, rewards }: SampleProgram) {
  const path = `/v1/programs/${program.programId}`;
  const present =
    (await read(gateway, path)) ?? (await write(gateway, { path: '/v1/programs', body: program }));
  if (present['state'] !== 'DRAFT') return;
  for (const reward of rewards) {
    if ((await read(gateway, `${path}/rewards/${reward.rewardId}`)) === undefined) {
      await write(gateway, { path: `${path}/rewards`, body: reward });
    }
  }
  if ((await read(gateway, `${path}/rule-sets/1`)) === undefined) {
    await write(gateway, { path: `${path}/rule-sets`, body: ruleSet });
  }
  const first = await read(gateway, `${path}/rule-sets/1`);
  if (first?.['state'] === 'DRAFT') {
    await write(gateway, { path: `${path}/rule-sets/1:publish`, body: {} });
  }
  await write(gateway, { path: `${path}:activate`, body: {} });
}

type Json = Record<string, unknown>;

/** Undefined when there is nothing. */
async function read(gateway: Gateway, path: string): Promise<Json | undefined> {
  const response = await fetch(gateway.url + path, { headers: headers(gateway) });
  if (response.status === 404) return undefined;
  return bodyOf(response, `GET ${path}`);
}

async function write(
  gateway: Gateway,
  { path, body }: { path: string; body: object },
): Promise<Json> {
  const response = await fetch(gateway.url + path, {
    method: 'POST',
    headers: { ...headers(gateway), 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  return bodyOf(response, `POST ${path}`);
}

function headers({ adminToken }: Gateway) {
  return { Authorization: `Bearer ${adminToken}` };
}

async function bodyOf(response: Response, what: string): Promise<Json> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${what} returned ${response.status}: ${text}`);
  return JSON.parse(text) as Json;
}
