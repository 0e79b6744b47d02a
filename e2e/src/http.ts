import type { RunningPlatform } from './running-platform.ts';

export interface HttpAnswer {
  status: number;
  location: string | null;
  contentType: string | null;
  body: Record<string, unknown>;
}

/** GET, or POST where there is a body, at the gateway; the path begins after `/v1/`. */
export async function http(
  platform: RunningPlatform,
  request: {
    token: string;
    path: string;
    body?: object;
    headers?: Readonly<Record<string, string>>;
  },
): Promise<HttpAnswer> {
  const { token, path, body, headers } = request;
  const response = await fetch(`${platform.env['LOYALTY_URL']}/v1/${path}`, {
    headers: {
      Authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  return {
    status: response.status,
    location: response.headers.get('location'),
    contentType: response.headers.get('content-type'),
    body: (await response.json()) as Record<string, unknown>,
  };
}

/** Creates an active program with one rule. */
export async function createProgram(
  platform: RunningPlatform,
  input: { programId: string; rate: object },
): Promise<void> {
  const { programId, rate } = input;
  const token = platform.env['LOYALTY_ADMIN_TOKEN'] ?? '';
  const post = async (path: string, body: object) => {
    const answer = await http(platform, { token, path, body });
    if (answer.status >= 300) throw new Error(`${path}: ${JSON.stringify(answer)}`);
  };
  await post('programs', { programId, displayName: programId });
  await post(`programs/${programId}/rule-sets`, { earnRules: [{ ruleId: 'base', rate }] });
  await post(`programs/${programId}/rule-sets/1:publish`, {});
  await post(`programs/${programId}:activate`, {});
}

/** What every member of a program has ever earned. */
export async function lifetimeEarned(
  platform: RunningPlatform,
  programId: string,
): Promise<Map<string, number>> {
  const token = platform.env['LOYALTY_ADMIN_TOKEN'] ?? '';
  const earned = new Map<string, number>();
  for (let pageToken = ''; ; ) {
    const query = new URLSearchParams({ pageSize: '500', ...(pageToken && { pageToken }) });
    const path = `programs/${programId}/members?${query.toString()}`;
    const { body } = await http(platform, { token, path });
    const page = body as {
      members: { userId: string; balance: { lifetimeEarned: number } }[];
      nextPageToken: string;
    };
    for (const { userId, balance } of page.members) earned.set(userId, balance.lifetimeEarned);
    pageToken = page.nextPageToken;
    if (pageToken === '') return earned;
  }
}
