import { expect, jest, test } from '@jest/globals';
import { createTestDatabase } from '@loyalty/local/test-environment.ts';
import { eventually } from '@loyalty/local/test-patience.ts';
import { createLogger } from '@loyalty/platform/logging.ts';
import pg from 'pg';
import { readLedgerConfig } from '../src/config.ts';
import { startLedger } from '../src/wiring.ts';

interface Connected {
  readonly connectionParameters: { readonly options?: string };
}

test('once it has migrated, each session of the service is in its role and plans by index', async () => {
  const database = await createTestDatabase('ledger');
  const connect = jest.spyOn(pg.Client.prototype, 'connect');
  const config = readLedgerConfig({
    LEDGER_HOST: '127.0.0.1',
    LEDGER_GRPC_PORT: '0',
    LEDGER_HTTP_PORT: '0',
    LEDGER_MANAGEMENT_PORT: '0',
    LEDGER_DATABASE_URL: database.url,
    LEDGER_NATS_URL: 'nats://127.0.0.1:9',
    LEDGER_PROGRAMS_ADDRESS: '127.0.0.1:9',
    LEDGER_JWT_ISSUER: 'https://issuer.test',
    LEDGER_JWT_AUDIENCE: 'loyalty',
    LEDGER_JWT_SECRET: 'a secret of more than thirty-two bytes',
  });
  const ledger = await startLedger(config, createLogger({ name: 'test', level: 'silent' }));
  try {
    const options = () =>
      (connect.mock.contexts as unknown as Connected[]).map(
        ({ connectionParameters }) => connectionParameters.options ?? '',
      );
    const isService = (text: string) =>
      text.includes('role=ledger_app') &&
      text.includes('enable_seqscan=off') &&
      text.includes('plan_cache_mode=force_generic_plan');
    // The relay's and those of what knex does.
    await eventually(() => expect(options().filter(isService).length).toBeGreaterThan(1));
    const first = options().findIndex(isService);
    expect(
      options()
        .slice(first)
        .filter((text) => !isService(text)),
    ).toEqual([]);
  } finally {
    connect.mockRestore();
    await ledger.stop();
    await database.drop();
  }
});
