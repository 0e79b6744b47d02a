import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { readConfig } from './config.ts';
import { serviceConfig, serviceSettings } from './service-config.ts';

const prefix = 'TEST_';
const schema = z.object(
  serviceSettings('test', { grpcPort: 50_059, httpPort: 8089, managementPort: 9099 }),
);
const env = {
  TEST_DATABASE_URL: 'postgres://127.0.0.1/test',
  TEST_NATS_URL: 'nats://127.0.0.1:4222',
  TEST_JWT_ISSUER: 'https://issuer.test',
  TEST_JWT_AUDIENCE: 'loyalty',
  TEST_JWT_SECRET: 'a secret of more than thirty-two bytes',
};

function configOf(change: Readonly<Record<string, string>>) {
  return serviceConfig(readConfig({ env: { ...env, ...change }, prefix, schema }), prefix);
}

/** Instead of the secret. */
const jwks = (source: string) => ({ TEST_JWT_SECRET: '', TEST_JWT_JWKS: source });

describe('a service does not start', () => {
  test.each<[string, Record<string, string>, string, string]>([
    ['with an issuer of spaces', { TEST_JWT_ISSUER: '  ' }, 'TEST_JWT_ISSUER', 'blank'],
    ['with a tab for an issuer', { TEST_JWT_ISSUER: '\t' }, 'TEST_JWT_ISSUER', 'blank'],
    ['with an invisible issuer', { TEST_JWT_ISSUER: '\u200b' }, 'TEST_JWT_ISSUER', 'blank'],
    ['with a Hangul filler', { TEST_JWT_ISSUER: '\u3164' }, 'TEST_JWT_ISSUER', 'blank'],
    ['with empty Braille', { TEST_JWT_AUDIENCE: '\u2800 \u2800' }, 'TEST_JWT_AUDIENCE', 'blank'],
    ['without an issuer', { TEST_JWT_ISSUER: '' }, 'TEST_JWT_ISSUER', 'set it'],
    ['with an audience of spaces', { TEST_JWT_AUDIENCE: ' ' }, 'TEST_JWT_AUDIENCE', 'blank'],
    ['with a space after it', { TEST_JWT_AUDIENCE: 'loyalty ' }, 'TEST_JWT_AUDIENCE', 'remove'],
    [
      'with a claim of an issuer’s beside a secret',
      { TEST_JWT_ROLES_CLAIM: 'https://loyalty.example.com/roles' },
      'TEST_JWT_ROLES_CLAIM',
      'set TEST_JWT_JWKS instead of TEST_JWT_SECRET',
    ],
    [
      'with a short secret',
      { TEST_JWT_SECRET: 'Xh3kA' },
      'TEST_JWT_SECRET',
      'openssl rand -hex 32',
    ],
    [
      'with one letter for a secret',
      { TEST_JWT_SECRET: 'k'.repeat(48) },
      'TEST_JWT_SECRET',
      'openssl',
    ],
    [
      'with a repeated word',
      { TEST_JWT_SECRET: 'changeme'.repeat(4) },
      'TEST_JWT_SECRET',
      'openssl',
    ],
    [
      'with a secret and a JWKS',
      { TEST_JWT_JWKS: 'keys.json' },
      'TEST_JWT_JWKS',
      'if, and only if',
    ],
    ['with keys over plain HTTP', jwks('http://issuer.test/keys'), 'TEST_JWT_JWKS', 'https://'],
    [
      'with keys over HTTP in capitals',
      jwks('HTTP://issuer.test/keys'),
      'TEST_JWT_JWKS',
      'https://',
    ],
    ['with keys of another protocol', jwks('ftp://127.0.0.1/keys'), 'TEST_JWT_JWKS', 'https://'],
    [
      'with keys of a host that only begins like loopback',
      jwks('http://127.0.0.1.issuer.test/'),
      'TEST_JWT_JWKS',
      'https://',
    ],
    [
      'with keys of a user at another host',
      jwks('http://localhost@issuer.test/'),
      'TEST_JWT_JWKS',
      'https://',
    ],
    [
      'with a certificate without a key',
      { TEST_TLS_CERTIFICATE_FILE: 'a' },
      'TEST_TLS_KEY_FILE',
      'set it',
    ],
    [
      'with a key without a certificate',
      { TEST_TLS_KEY_FILE: 'a' },
      'TEST_TLS_CERTIFICATE_FILE',
      'set it',
    ],
    [
      'with a CA of callers without a certificate',
      { TEST_TLS_CLIENT_CA_FILE: 'a' },
      'TEST_TLS_CERTIFICATE_FILE',
      'set it',
    ],
    [
      'with a certificate for calls without a key',
      { TEST_UPSTREAM_CA_FILE: 'a', TEST_UPSTREAM_CERTIFICATE_FILE: 'a' },
      'TEST_UPSTREAM_KEY_FILE',
      'set it',
    ],
    [
      'with a key for calls without a certificate',
      { TEST_UPSTREAM_CA_FILE: 'a', TEST_UPSTREAM_KEY_FILE: 'a' },
      'TEST_UPSTREAM_CERTIFICATE_FILE',
      'set it',
    ],
    [
      'with a certificate for calls without a CA',
      { TEST_UPSTREAM_CERTIFICATE_FILE: 'a', TEST_UPSTREAM_KEY_FILE: 'a' },
      'TEST_UPSTREAM_CA_FILE',
      'set it',
    ],
    [
      'with a trusted network that has bits of a host',
      { TEST_TRUSTED_CALLERS: '::1,10.1.2.3/8' },
      'TEST_TRUSTED_CALLERS',
      'write 10.0.0.0/8',
    ],
    [
      'with a trusted address that has a zone',
      { TEST_TRUSTED_CALLERS: 'fe80::1%eth0' },
      'TEST_TRUSTED_CALLERS',
      'write fe80::1',
    ],
    [
      'with a trusted address that is none',
      { TEST_TRUSTED_CALLERS: '10.0.0.300' },
      'TEST_TRUSTED_CALLERS',
      '10.0.0.300',
    ],
    [
      'with a trusted name that no certificate proves',
      { TEST_TRUSTED_CALLERS: 'gateway' },
      'TEST_TRUSTED_CALLERS',
      'TEST_TLS_CLIENT_CA_FILE',
    ],
    [
      'with one port for two things',
      { TEST_GRPC_PORT: '9099' },
      'TEST_MANAGEMENT_PORT',
      'another port',
    ],
    [
      'with a management port out of range',
      { TEST_MANAGEMENT_PORT: '70000' },
      'TEST_MANAGEMENT_PORT',
      '65535',
    ],
  ])('%s, and says which setting, and the fix', (_case, change, setting, fix) => {
    const read = () => configOf(change);
    expect(read).toThrow(setting);
    expect(read).toThrow(fix);
    expect(read).not.toThrow('\n');
    // Of a setting's value nothing is shown: it may be a secret.
    expect(read).not.toThrow(change['TEST_JWT_SECRET'] || env.TEST_JWT_SECRET);
  });
});

describe('a service starts', () => {
  test.each<[string, Record<string, string>]>([
    ['with keys over HTTPS', jwks('https://issuer.test/keys')],
    ['with keys in a file', jwks('/var/run/keys.json')],
    ['with keys over plain HTTP of this host', jwks('http://localhost:8080/keys')],
    ['with keys over plain HTTP of 127.0.0.0/8', jwks('http://127.0.0.53/keys')],
    ['with keys over plain HTTP of ::1', jwks('http://[::1]:8080/keys')],
    [
      'with all ports free ones',
      { TEST_GRPC_PORT: '0', TEST_HTTP_PORT: '0', TEST_MANAGEMENT_PORT: '0' },
    ],
    ['with trusted addresses', { TEST_TRUSTED_CALLERS: '10.0.0.0/8, ::1' }],
  ])('%s', (_case, change) => {
    expect(() => configOf(change)).not.toThrow();
  });

  test('with its management port where the others are, unless it has an address of its own', () => {
    const host = { TEST_HOST: '10.0.0.1' };
    expect(configOf(host).management).toEqual({ host: '10.0.0.1', port: 9099 });
    expect(configOf({ ...host, TEST_MANAGEMENT_HOST: '127.0.0.1' }).management.host).toBe(
      '127.0.0.1',
    );
  });

  test('with mutual TLS, and a gateway that is trusted by name', () => {
    const { tls, trustedCallers } = configOf({
      TEST_TLS_CERTIFICATE_FILE: 'tls.crt',
      TEST_TLS_KEY_FILE: 'tls.key',
      TEST_TLS_CLIENT_CA_FILE: 'ca.crt',
      TEST_UPSTREAM_CA_FILE: 'ca.crt',
      TEST_TRUSTED_CALLERS: 'gateway',
    });
    expect(tls.server).toMatchObject({
      identity: { key: { setting: 'TEST_TLS_KEY_FILE', path: 'tls.key' } },
      ca: { setting: 'TEST_TLS_CLIENT_CA_FILE', path: 'ca.crt' },
    });
    expect(tls.upstream).toMatchObject({ identity: undefined, ca: { path: 'ca.crt' } });
    expect(trustedCallers).toEqual(['gateway']);
  });

  test('without TLS', () => {
    expect(configOf({}).tls).toEqual({ server: undefined, upstream: undefined });
  });
});
