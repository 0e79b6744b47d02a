import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { demandFreePorts } from './port-check.ts';
import { readLocalSettings } from './settings.ts';

let taken: Server;
let port: number;

beforeEach(async () => {
  taken = createServer().listen(0, '0.0.0.0');
  await once(taken, 'listening');
  port = (taken.address() as AddressInfo).port;
});

afterEach(() => {
  taken.close();
});

const free = {
  LOYALTY_LOCAL_GATEWAY_PORT: '0',
  LOYALTY_LOCAL_GATEWAY_MANAGEMENT_PORT: '0',
  LOYALTY_LOCAL_PROGRAMS_GRPC_PORT: '0',
  LOYALTY_LOCAL_PROGRAMS_HTTP_PORT: '0',
  LOYALTY_LOCAL_PROGRAMS_MANAGEMENT_PORT: '0',
  LOYALTY_LOCAL_LEDGER_GRPC_PORT: '0',
  LOYALTY_LOCAL_LEDGER_HTTP_PORT: '0',
  LOYALTY_LOCAL_LEDGER_MANAGEMENT_PORT: '0',
  LOYALTY_LOCAL_WEBHOOKS_GRPC_PORT: '0',
  LOYALTY_LOCAL_WEBHOOKS_HTTP_PORT: '0',
  LOYALTY_LOCAL_WEBHOOKS_MANAGEMENT_PORT: '0',
};

describe('ports', () => {
  test('a taken one is named, with the setting that chooses another', async () => {
    const { ports } = await readLocalSettings({
      ...free,
      LOYALTY_LOCAL_LEDGER_GRPC_PORT: String(port),
    });
    await expect(demandFreePorts(ports)).rejects.toThrow(
      new RegExp(`^Port ${port} is taken: .*LOYALTY_LOCAL_LEDGER_GRPC_PORT=\\d+ npm start$`),
    );
  });

  test('free ones are no obstacle', async () => {
    const { ports } = await readLocalSettings(free);
    await expect(demandFreePorts(ports)).resolves.toBeUndefined();
  });
});
