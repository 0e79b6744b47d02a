import type { Platform } from '@loyalty/local/running-platform.ts';
import { mintToken } from '@loyalty/platform/auth/mint.ts';
import type { Role } from '@loyalty/platform/auth/tokens.ts';

/** A token for somebody whom `.local/env` has none for. */
export function tokenFor(platform: Platform, role: Role, subject: string): Promise<string> {
  const { env } = platform;
  return mintToken({
    secret: env['LOYALTY_JWT_SECRET'] ?? '',
    issuer: env['LOYALTY_JWT_ISSUER'] ?? '',
    audience: env['LOYALTY_JWT_AUDIENCE'] ?? '',
    subject,
    roles: [role],
    lifetimeSeconds: 3600,
  });
}
