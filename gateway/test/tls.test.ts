import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  createTestAuthority,
  type TestAuthority,
  type TestCertificate,
} from '@loyalty/local/test-certificates.ts';
import { eventually } from '@loyalty/local/test-patience.ts';
import { watchCertificates } from '@loyalty/platform/tls/certificates.ts';
import type { CertificateFiles } from '@loyalty/platform/tls/tls-config.ts';
import { defaultLimits } from '../src/limits.ts';
import {
  logger,
  startService,
  startTestGateway,
  type TestGateway,
  tokenFor,
} from './start-gateway.ts';

/** How a client sees that the server has ended the handshake: it depends on what it was doing then. */
const refusal = /alert|hang up|closed|ECONNRESET|EPIPE/;
const token = await tokenFor('admin', 'ops');
const getProgram = () => Promise.resolve({ program: { programId: 'wine-dine' } });

let authority: TestAuthority;
let identity: TestCertificate;
let directory: string;
const stops: (() => unknown)[] = [];

beforeEach(async () => {
  authority = await createTestAuthority('platform');
  identity = await authority.issue();
  directory = await mkdtemp(join(tmpdir(), 'loyalty-tls-'));
});
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
  await rm(directory, { recursive: true });
});

/** All with the certificate that the tests have, and its CA. */
async function files(options: { withCa: boolean; withIdentity?: boolean }) {
  const file = async (name: string, text: string) => {
    const path = join(directory, name);
    await writeFile(path, text);
    return { setting: name, path };
  };
  return {
    identity:
      options.withIdentity === false
        ? undefined
        : {
            certificate: await file('certificate', identity.certificate),
            key: await file('key', identity.key),
          },
    ca: options.withCa ? await file('ca', authority.ca) : undefined,
  } satisfies CertificateFiles;
}

async function started(
  service: { tls: CertificateFiles | undefined },
  tls: { server: CertificateFiles | undefined; upstream: CertificateFiles | undefined },
): Promise<TestGateway> {
  const watch = service.tls && (await watchCertificates(service.tls, { logger }));
  stops.push(() => watch?.close());
  const { address, stop } = await startService({ getProgram }, watch);
  stops.push(stop);
  const gateway = await startTestGateway(address, { tls });
  stops.push(() => gateway.stop());
  return gateway;
}

function overHttps({ port }: TestGateway, certificate?: TestCertificate): Promise<number> {
  return new Promise((resolve, reject) => {
    request(
      {
        host: '127.0.0.1',
        port,
        path: '/v1/programs/wine-dine',
        ca: authority.ca,
        cert: certificate?.certificate,
        key: certificate?.key,
        agent: false,
        headers: { authorization: `Bearer ${token}` },
      },
      (response) => resolve(response.resume().statusCode ?? 0),
    )
      .on('error', reject)
      .end();
  });
}

describe('the gateway', () => {
  test('serves HTTPS, and lets those who speak plain HTTP go at once', async () => {
    const gateway = await started(
      { tls: undefined },
      { server: await files({ withCa: false }), upstream: undefined },
    );
    expect(await overHttps(gateway)).toBe(200);
    const plain = connect(gateway.port, '127.0.0.1');
    plain.on('error', () => undefined);
    plain.resume().write('GET /v1/programs HTTP/1.1\r\nhost: x\r\n\r\n');
    await once(plain, 'close');
    expect((await fetch(`${gateway.managementUrl}/readyz`)).status).toBe(200);
  });

  test('closes a connection that never ends its handshake', async () => {
    const { address, stop } = await startService({ getProgram });
    stops.push(stop);
    const gateway = await startTestGateway(address, {
      tls: { server: await files({ withCa: false }), upstream: undefined },
      limits: { ...defaultLimits, requestArrivalMsMax: 300 },
    });
    stops.push(() => gateway.stop());
    const silent = connect(gateway.port, '127.0.0.1');
    silent.on('error', () => undefined);
    // The header of a record that doesn't come.
    silent.resume().write(Buffer.of(0x16, 3, 1, 2, 0));
    await once(silent, 'close');
    expect(await overHttps(gateway)).toBe(200);
  });

  test('takes a connection more than there may be, and ends an idle one', async () => {
    const { address, stop } = await startService({ getProgram });
    stops.push(stop);
    const gateway = await startTestGateway(address, {
      tls: { server: await files({ withCa: false }), upstream: undefined },
      limits: { ...defaultLimits, connectionsMax: 1 },
    });
    stops.push(() => gateway.stop());
    const idle = connectTls({ port: gateway.port, host: 'localhost', ca: authority.ca }).resume();
    stops.push(() => idle.destroy());
    idle.on('error', () => undefined);
    await once(idle, 'secureConnect');
    const ended = new Promise((resolve) => idle.on('close', resolve));
    expect(await overHttps(gateway)).toBe(200);
    await ended;
  });

  test('asks callers for certificates where it has the CA of these', async () => {
    const gateway = await started(
      { tls: undefined },
      { server: await files({ withCa: true }), upstream: undefined },
    );
    expect(await overHttps(gateway, identity)).toBe(200);
    await expect(overHttps(gateway)).rejects.toThrow(refusal);
    const other = await createTestAuthority('other');
    await expect(overHttps(gateway, await other.issue())).rejects.toThrow(refusal);
  });

  test('shows its certificate to services that ask for one', async () => {
    const mutual = await files({ withCa: true });
    const gateway = await started({ tls: mutual }, { server: mutual, upstream: mutual });
    expect(await overHttps(gateway, identity)).toBe(200);
  });

  test.each([
    ['has no certificate for services that ask for one', false],
    ['speaks no TLS to services that do', true],
  ])('responds as for a service that is away if it %s', async (_case, isPlain) => {
    const upstream = isPlain ? undefined : await files({ withCa: true, withIdentity: false });
    const gateway = await started(
      { tls: await files({ withCa: true }) },
      { server: await files({ withCa: false }), upstream },
    );
    await eventually(async () => expect(await overHttps(gateway)).toBe(503));
  });
});
