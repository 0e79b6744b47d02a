import { describe, expect, test } from '@jest/globals';
import { forbiddenImports } from './import-layers.ts';

const domain = 'services/ledger/src/domain/lots.ts';
const app = 'services/ledger/src/app/earn.ts';
const storage = 'services/ledger/src/storage/ledger-store.ts';
const messages = 'proto/gen/loyalty/programs/v1/rule_set_pb.ts';
const service = 'proto/gen/loyalty/programs/v1/program_service_pb.ts';

describe('the layers', () => {
  test.each([
    ['rules/src/evaluate.ts', messages],
    [domain, 'rules/src/evaluate.ts'],
    [app, domain],
    [storage, app],
    [storage, 'platform/src/postgres/pool.ts'],
    ['services/ledger/src/rpc/earn.ts', service],
    ['services/ledger/src/wiring.ts', storage],
    ['services/ledger/test/earn.test.ts', 'services/programs/src/wiring.ts'],
    ['platform/src/messaging/connection.ts', 'nats'],
    ['gateway/src/transcoder.ts', service],
  ])('let %s import %s', (file, target) => {
    expect(forbiddenImports([{ file, target }])).toEqual([]);
  });

  test.each([
    ['rules/src/evaluate.ts', 'node:fs'],
    ['rules/src/evaluate.ts', service],
    [domain, app],
    [domain, messages],
    [domain, 'node:crypto'],
    [app, messages],
    [app, storage],
    [app, 'knex'],
    [storage, messages],
    [storage, 'services/ledger/src/rpc/earn.ts'],
    ['services/ledger/src/events/earn-consumer.ts', 'knex'],
    ['services/ledger/src/rpc/earn.ts', storage],
    ['services/ledger/src/wiring.ts', 'services/programs/src/wiring.ts'],
    ['services/ledger/test/earn.test.ts', 'services/programs/src/app/create-program.ts'],
    ['platform/src/outbox/relay.ts', 'nats'],
    ['platform/src/config.ts', messages],
    ['platform/src/config.ts', 'services/ledger/src/config.ts'],
    ['gateway/src/transcoder.ts', 'pg'],
    ['gateway/src/transcoder.ts', 'services/ledger/src/config.ts'],
  ])('keep %s from importing %s', (file, target) => {
    expect(forbiddenImports([{ file, target }])).toEqual([`${file} may not import ${target}`]);
  });

  test('ask for a package that the workspace uses without declaring it', () => {
    const undeclared = { file: 'gateway/src/main.ts', target: 'commander' };
    expect(forbiddenImports([undeclared])).toEqual([
      'gateway/src/main.ts imports commander, which its package.json lacks',
    ]);
  });

  test('ask for the place of a new folder', () => {
    const [line] = forbiddenImports([{ file: 'services/ledger/src/extras/a.ts', target: domain }]);
    expect(line).toContain('is in no layer');
  });
});
