import { quoted } from './data-directory.ts';
import { root } from './settings.ts';

export interface WelcomeOptions {
  envFile: string;
  logDirectory: string;
  gatewayUrl: string;
  programs: { grpc: string; http: string };
  ledger: { grpc: string; http: string };
  webhooks: { grpc: string; http: string };
  /** The address of each process's /livez, /readyz and /metrics. */
  management: { gateway: string; programs: string; ledger: string; webhooks: string };
  databases: { programs: string; ledger: string; webhooks: string };
  natsUrl: string;
}

/** What npm start prints when everything runs. The commands can be repeated: each takes effect only once. */
export function welcome(options: WelcomeOptions): string {
  const { programs, ledger, webhooks } = options;
  return `
  gateway     ${options.gatewayUrl}   HTTP and JSON, for apps and operators
  reference   ${options.gatewayUrl}/docs   every route and every error, to read and to try
  programs    ${programs.grpc} gRPC, ${programs.http} Connect
  ledger      ${ledger.grpc} gRPC, ${ledger.http} Connect
  webhooks    ${webhooks.grpc} gRPC, ${webhooks.http} Connect
  PostgreSQL  ${withoutLogin(options.databases.programs)}
              ${withoutLogin(options.databases.ledger)}
              ${withoutLogin(options.databases.webhooks)}
  NATS        ${withoutLogin(options.natsUrl)}
  passwords   ${options.envFile}
  metrics     gateway ${options.management.gateway}/metrics
              programs ${options.management.programs}/metrics
              ledger ${options.management.ledger}/metrics
              webhooks ${options.management.webhooks}/metrics
  logs        ${options.logDirectory}

Try it in another shell:

  cd ${quoted(root)} && . ${quoted(options.envFile)}

  # Alice joins Wine & Dine.
  ${post({ token: 'MEMBER', path: 'members', body: '{"userId": "alice"}' })}

  # A shop reports that she paid 250.00 USD: 10 tokens.
  ${post({
    token: 'SERVICE',
    path: 'earns',
    body: `{"userId": "alice", "transaction": {"transactionId": "order-1", "occurTime": "2026-01-31T18:30:00Z",
         "amount": {"currencyCode": "USD", "minorUnits": 25000}}}`,
  })}

  # Her balance.
  curl -sS "$LOYALTY_URL/v1/programs/wine-dine/members/me/balance" \\
    -H "Authorization: Bearer $LOYALTY_MEMBER_TOKEN"; echo

  # She orders a glass of wine for 10 tokens.
  ${post({
    token: 'MEMBER',
    path: 'members/me/redemptions',
    header: 'Idempotency-Key: first-glass',
    body: '{"rewardId": "glass"}',
  })}

  # Another purchase, reported over gRPC.
  npx buf curl --protocol grpc --http2-prior-knowledge \\
    -H "Authorization: Bearer $LOYALTY_SERVICE_TOKEN" \\
    -d '{"program_id": "wine-dine", "user_id": "alice", "transaction": {"transaction_id": "order-2",
         "occur_time": "2026-01-31T19:00:00Z", "amount": {"currency_code": "USD", "minor_units": 12000}}}' \\
    "http://$LOYALTY_LEDGER_GRPC/loyalty.ledger.v1.LedgerService/Earn"
`;
}

/** A terminal's lines end up in bug reports. */
function withoutLogin(text: string): string {
  const { protocol, host, pathname } = new URL(text);
  return `${protocol}//${host}${pathname}`;
}

function post(call: { token: string; path: string; header?: string; body: string }): string {
  const { token, path, header, body } = call;
  const more = header === undefined ? '' : ` -H '${header}'`;
  return [
    `curl -sS "$LOYALTY_URL/v1/programs/wine-dine/${path}" \\`,
    `    -H "Authorization: Bearer $LOYALTY_${token}_TOKEN" -H 'Content-Type: application/json'${more} \\`,
    `    -d '${body}'; echo`,
  ].join('\n');
}
