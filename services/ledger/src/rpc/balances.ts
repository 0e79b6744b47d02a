import { instantPosition, pageRequest } from '@loyalty/platform/paging.ts';
import type { Handlers } from '@loyalty/platform/rpc/handler.ts';
import { renderPage } from '@loyalty/platform/rpc/page.ts';
import {
  ExpirySchema,
  type LedgerService,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { MaturitySchema } from '@loyalty/proto/loyalty/ledger/v1/membership_pb.ts';
import type { App } from '../app/app.ts';
import { getBalance } from '../app/get-balance.ts';
import { listExpiries, listMaturities } from '../app/list-expiries.ts';
import { renderBalance, renderDated, renderExpiry } from '../messages/balance-message.ts';

/** Balances, and the points that expire or become available. */
export function balanceHandlers(
  app: App,
): Pick<Handlers<typeof LedgerService>, 'getBalance' | 'listExpiries' | 'listMaturities'> {
  return {
    async getBalance({ programId, userId }) {
      return {
        balance: renderBalance(await getBalance(app, { programId, userId })),
      };
    },

    async listExpiries(request) {
      const member = { programId: request.programId, userId: request.userId };
      const list = { filter: { list: 'expiries', ...member }, position: instantPosition };
      const page = await listExpiries(app, { ...member, ...pageRequest(request, list) });
      const rendering = { page, list, schema: ExpirySchema, render: renderExpiry };
      const { messages, nextPageToken } = renderPage(rendering);
      return { expiries: messages, nextPageToken };
    },

    async listMaturities(request) {
      const member = { programId: request.programId, userId: request.userId };
      const list = { filter: { list: 'maturities', ...member }, position: instantPosition };
      const page = await listMaturities(app, { ...member, ...pageRequest(request, list) });
      const rendering = { page, list, schema: MaturitySchema, render: renderDated };
      const { messages, nextPageToken } = renderPage(rendering);
      return { maturities: messages, nextPageToken };
    },
  };
}
