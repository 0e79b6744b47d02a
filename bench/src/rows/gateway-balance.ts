// A balance by HTTP: what the gateway and the ledger take together, next to the direct call.
import { anyUser, anyUserId, programId } from '../load/earn-plan.ts';
import { frameTemplate } from '../load/frame-template.ts';
import { serviceMeter } from '../machine/meters.ts';
import type { Row } from '../row.ts';
import { directBalance } from './balance-contestants.ts';
import { ledgerContestant } from './ledger-contestant.ts';
import { sharedLedgers } from './ledgers.ts';

const id = 'gateway-balance';
/** One call at a time on each. */
const connections = 32;

export const gatewayBalanceRow: Row = {
  id,
  title: `GET balance at the gateway, HTTP/1.1, ${connections} connections`,
  unit: 'balances',
  isShared: true,
  aims: [{ against: 'balance' }, { against: 'balance', of: 'serviceCpuPerCallUs', atMost: 3 }],
  async prepare(bench) {
    const token = await bench.machine.token('service');
    const ledgers = await sharedLedgers(bench);
    const contestants = ledgers.map(async (ledger) => {
      const gateway = await ledger.services.startGateway();
      return ledgerContestant(bench, ledger, {
        id,
        title: `the gateway and ${ledger.title}`,
        address: gateway.httpAddress,
        meters: [serviceMeter(gateway, { as: 'gatewayCpuUs' })],
        plan: (window, address) => ({
          target: { protocol: 'http', address },
          template: frameTemplate(requestOf(address, token), [anyUser]),
          inFlight: connections,
          itemsPerCall: 1,
          ...window,
        }),
      });
    });
    return {
      contestants: await Promise.all(contestants),
      yardsticks: await directBalance(bench),
    };
  },
};

function requestOf(address: string, token: string): Buffer {
  const path = `/v1/programs/${programId}/members/${anyUserId}/balance`;
  const lines = [`GET ${path} HTTP/1.1`, `Host: ${address}`, `Authorization: Bearer ${token}`];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
}
