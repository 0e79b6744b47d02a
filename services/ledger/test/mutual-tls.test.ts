import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestAuthority } from '@loyalty/local/test-certificates.ts';
import { eventually } from '@loyalty/local/test-patience.ts';
import { createChannel, createClient } from '@loyalty/platform/rpc/client.ts';
import { readCertificates } from '@loyalty/platform/tls/certificates.ts';
import { grpcChannelCredentials } from '@loyalty/platform/tls/grpc-credentials.ts';
import { ProgramService } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import {
  admin,
  availablePoints,
  checkout,
  createMember,
  purchase,
  refusalOf,
  type Setting,
  startSetting,
} from './running-ledger.ts';

let directory: string;
let setting: Setting;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'loyalty-tls-'));
  const authority = await createTestAuthority('platform');
  const { certificate, key } = await authority.issue();
  const file = async (name: string, text: string) => {
    const path = join(directory, name);
    await writeFile(path, text);
    return { setting: name, path };
  };
  const files = {
    identity: {
      certificate: await file('certificate', certificate),
      key: await file('key', key),
    },
    ca: await file('ca', authority.ca),
  };
  const current = await readCertificates(files);
  setting = await startSetting({
    tls: {
      config: { server: files, upstream: files },
      credentials: grpcChannelCredentials({ current, onChange: () => () => undefined }),
    },
  });
});
afterAll(async () => {
  await setting.stop();
  await rm(directory, { recursive: true });
});

test('with mutual TLS the ledger asks programs, and programs asks the ledger', async () => {
  const member = await createMember(setting);
  const { ledger, programs } = setting.clients;
  await ledger.earn({ ...member, transaction: purchase(10_000) }, checkout);
  expect(await availablePoints(setting, member)).toBe(5n);
  const { programId } = member;
  await programs.suspendProgram({ programId }, admin);
  // Whether it has open holds is the ledger's to say.
  await eventually(async () =>
    expect((await programs.archiveProgram({ programId }, admin)).program?.programId).toBe(
      programId,
    ),
  );
});

test('a client without a certificate is not served', async () => {
  const { address } = setting.config.programs;
  const channel = createChannel({ address, services: [ProgramService] });
  const programs = createClient(ProgramService, channel);
  expect(await refusalOf(programs.listPrograms({}, admin))).toMatchObject({
    reason: 'SERVICE_UNAVAILABLE',
  });
  channel.close();
});
