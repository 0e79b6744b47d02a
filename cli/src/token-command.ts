import { mintToken } from '@loyalty/platform/auth/mint.ts';
import type { Role } from '@loyalty/platform/auth/tokens.ts';
import { Command, InvalidArgumentError, Option } from 'commander';
import { readSetting } from './settings.ts';

const roles: readonly Role[] = ['admin', 'service', 'member'];

interface TokenFlags {
  role: Role[];
  sub: string;
  program?: string[];
  lifetime: number;
}

/** `loyalty token`: signs a token with the secret that local services share. */
export function tokenCommand(): Command {
  return new Command('token')
    .description(
      'Print a bearer token, signed with the secret of the platform that npm start runs.',
    )
    .addOption(
      new Option('--role <role...>', 'the roles of the token').choices(roles).makeOptionMandatory(),
    )
    .requiredOption('--sub <subject>', "the bearer: a user's id, or the name of a backend")
    .option('--program <id...>', 'the only programs that the token gives access to (default: all)')
    .option('--lifetime <time>', 'lifetime, such as 90s or 15m; at most 24h', parseLifetime, 86_400)
    .addHelpText('after', '\nExample:\n  $ npx loyalty token --role member --sub bob')
    .action(async ({ role, sub, program, lifetime }: TokenFlags) => {
      const token = await mintToken({
        secret: readSetting('LOYALTY_JWT_SECRET'),
        issuer: readSetting('LOYALTY_JWT_ISSUER'),
        audience: readSetting('LOYALTY_JWT_AUDIENCE'),
        subject: sub,
        roles: role,
        ...(program === undefined ? {} : { programs: program }),
        lifetimeSeconds: lifetime,
      });
      console.log(token);
    });
}

const secondsByUnit: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** In seconds. */
export function parseLifetime(text: string): number {
  const [, number, unit = ''] = /^(\d{1,6})([smh])$/.exec(text) ?? [];
  const seconds = Number(number) * (secondsByUnit[unit] ?? 0);
  if (!(seconds > 0 && seconds <= 86_400)) {
    throw new InvalidArgumentError('Write it like 90s, 15m or 24h; older tokens are refused.');
  }
  return seconds;
}
