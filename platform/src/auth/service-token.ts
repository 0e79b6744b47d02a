import { readFile } from 'node:fs/promises';
import type { ProcessConfig } from '../service-config.ts';
import { mintToken } from './mint.ts';

export interface ServiceTokenOptions {
  /** Whose calls they are, in tokens that are signed here. */
  readonly subject: string;
  /** A file with the token; where there is none, `tokens.secret` signs one. */
  readonly tokenFile: string | undefined;
  readonly tokens: Pick<ProcessConfig['tokens'], 'issuer' | 'audience' | 'secret'>;
}

const lifetimeSeconds = 60 * 60;
/** A minted token is replaced while it is still good for calls under way and clocks that differ. */
const renewedAfterMs = 30 * 60_000;

/**
 * The bearer token of a service's own calls. A file is read again each time, because the issuer of tokens replaces it;
 * there are few such calls.
 */
export function createServiceToken({
  subject,
  tokenFile,
  tokens: { issuer, audience, secret },
}: ServiceTokenOptions): () => Promise<string> {
  if (tokenFile !== undefined) return async () => (await readFile(tokenFile, 'utf8')).trim();
  if (secret === undefined) throw new Error('there is neither a token file nor a secret');
  let minted: { token: Promise<string>; renewMs: number } | undefined;
  return () => {
    if (minted === undefined || minted.renewMs <= Date.now()) {
      const identity = { subject, roles: ['service'] as const };
      minted = {
        token: mintToken({ secret, issuer, audience, ...identity, lifetimeSeconds }),
        renewMs: Date.now() + renewedAfterMs,
      };
    }
    return minted.token;
  };
}
