import type { Platform } from '@loyalty/local/running-platform.ts';

export interface HttpResponse {
  status: number;
  location: string | null;
  contentType: string | null;
  etag: string | null;
  /** Empty if the response has none. */
  body: Record<string, unknown>;
}

/** At the gateway; the path begins after `/v1/`. Without a method it is GET, or POST where there is a body. */
export async function http(
  platform: Platform,
  request: {
    token: string;
    path: string;
    method?: string;
    body?: object;
    headers?: Readonly<Record<string, string>>;
  },
): Promise<HttpResponse> {
  const { token, path, body, headers } = request;
  const { method = body === undefined ? 'GET' : 'POST' } = request;
  const response = await fetch(`${platform.env['LOYALTY_URL']}/v1/${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    location: response.headers.get('location'),
    contentType: response.headers.get('content-type'),
    etag: response.headers.get('etag'),
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
  };
}

/** Creates an active program with one rule. */
export async function createProgram(
  platform: Platform,
  input: { programId: string; rate: object },
): Promise<void> {
  const { programId, rate } = input;
  const token = platform.env['LOYALTY_ADMIN_TOKEN'] ?? '';
  const post = async (path: string, body: object) => {
    const response = await http(platform, { token, path, body });
    if (response.status >= 300) throw new Error(`${path}: ${JSON.stringify(response)}`);
  };
  await post('programs', { programId, displayName: programId });
  await post(`programs/${programId}/rule-sets`, { earnRules: [{ ruleId: 'base', rate }] });
  await post(`programs/${programId}/rule-sets/1:publish`, {});
  await post(`programs/${programId}:activate`, {});
}

/** What every member of a program has ever earned. */
export async function lifetimeEarned(
  platform: Platform,
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
