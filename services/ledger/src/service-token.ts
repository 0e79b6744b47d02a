import { createServiceToken as createToken } from '@loyalty/platform/auth/service-token.ts';
import type { LedgerConfig } from './config.ts';

/** The bearer token of the ledger's own calls. */
export function createServiceToken({ programs, tokens }: LedgerConfig): () => Promise<string> {
  return createToken({ subject: 'ledger', tokenFile: programs.tokenFile, tokens });
}
