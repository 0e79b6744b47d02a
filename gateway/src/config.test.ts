import { describe, expect, test } from '@jest/globals';
import { readGatewayConfig } from './config.ts';

const env = {
  GATEWAY_PROGRAMS_ADDRESS: 'programs:50051',
  GATEWAY_LEDGER_ADDRESS: 'ledger:50052',
  GATEWAY_JWT_ISSUER: 'https://issuer.test',
  GATEWAY_JWT_AUDIENCE: 'loyalty',
  GATEWAY_JWT_SECRET: 'a secret of more than thirty-two characters',
};

test('the configuration has defaults for what can have one', () => {
  expect(readGatewayConfig({ ...env, PATH: '/bin' })).toMatchObject({
    host: '0.0.0.0',
    port: 8080,
    programsAddress: 'programs:50051',
    corsOrigins: [],
    shutdownGraceMs: 20_000,
    limits: { bodyBytesMax: 1_048_576 },
  });
});

test('origins are a list', () => {
  const GATEWAY_CORS_ORIGINS = 'https://a.example, http://localhost:3000';
  expect(readGatewayConfig({ ...env, GATEWAY_CORS_ORIGINS }).corsOrigins).toEqual([
    'https://a.example',
    'http://localhost:3000',
  ]);
});

describe('the gateway does not start, and names the key, with', () => {
  test.each([
    ['GATEWAY_PORT', '70000'],
    ['GATEWAY_PROGRAMS_ADDRESS', undefined],
    ['GATEWAY_LEDGER_ADDRESS', 'ledger'],
    ['GATEWAY_JWT_ISSUER', undefined],
    ['GATEWAY_JWT_SECRET', undefined],
    ['GATEWAY_JWT_SECRET', 'short'],
    ['GATEWAY_CORS_ORIGINS', 'https://a.example/path'],
    ['GATEWAY_CROS_ORIGINS', '*'],
    ['GATEWAY_LOG_LEVEL', 'loud'],
  ])('%s = %s', (key, value) => {
    expect(() => readGatewayConfig({ ...env, [key]: value })).toThrow(key);
  });

  test('both a secret and a JWKS', () => {
    const GATEWAY_JWT_JWKS = 'https://issuer.test/keys';
    expect(() => readGatewayConfig({ ...env, GATEWAY_JWT_JWKS })).toThrow(
      'GATEWAY_JWT_SECRET must be set if, and only if, GATEWAY_JWT_JWKS is not',
    );
  });
});
