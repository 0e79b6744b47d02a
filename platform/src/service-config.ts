// The configuration that services have in common. Names are those of environment variables behind the service's prefix.
import { z } from 'zod';
import { jwksProblem } from './auth/key-source.ts';
import { secretProblem } from './auth/secret-strength.ts';
import { callerLimitSettings, callerLimits } from './caller-limit-config.ts';
import { ConfigError, flag, integer, logLevel, port, secret, taking, url } from './config.ts';
import type { CallerLimitsOptions } from './rpc/caller-limits.ts';
import { isName, type TrustedCallers, trustedCallerProblem } from './rpc/trusted-callers.ts';
import { type TlsConfig, tlsConfig, tlsSettings } from './tls/tls-config.ts';

/** How bearer tokens are verified. Exactly one of `secret` and `jwks` (a URL or a file) is set. */
export interface TokenConfig {
  readonly issuer: string;
  readonly audience: string;
  readonly secret: string | undefined;
  readonly jwks: string | undefined;
  /** The claims of an issuer that can't name them `roles` and `programs`. */
  readonly rolesClaim?: string | undefined;
  readonly programsClaim?: string | undefined;
}

export interface ProcessConfig {
  readonly host: string;
  /** Where it serves /livez, /readyz and /metrics; port 0 takes a free one. */
  readonly management: { readonly host: string; readonly port: number };
  readonly tls: TlsConfig;
  readonly tokens: TokenConfig;
  readonly log: { readonly level: string; readonly pretty: boolean };
  readonly shutdownGraceMs: number;
}

/** What a service with a database has besides. */
export interface ServiceConfig extends ProcessConfig {
  /** 0 takes a free port. */
  readonly grpcPort: number;
  /** 0 takes a free port. */
  readonly httpPort: number;
  readonly callerLimits: CallerLimitsOptions;
  readonly trustedCallers: TrustedCallers;
  readonly database: { readonly url: string; readonly poolSize: number };
  readonly nats: {
    readonly url: string;
    readonly user: string | undefined;
    readonly password: string | undefined;
  };
}

/** Settings of every process that serves. */
export function processSettings({ managementPort }: { managementPort: number }) {
  return {
    HOST: z.string().default('0.0.0.0').describe('the address to listen on'),
    MANAGEMENT_HOST: z
      .string()
      .optional()
      .describe('the address that probes and monitoring use, if not HOST'),
    MANAGEMENT_PORT: port()
      .default(managementPort)
      .describe('the port of /livez, /readyz and /metrics; 0 takes a free one'),
    ...tlsSettings(),
    JWT_ISSUER: claim().describe('the iss that tokens must have'),
    JWT_AUDIENCE: claim().describe('the aud that tokens must have'),
    JWT_SECRET: secret(taking('at least 32 bytes that are hard to guess', text(secretProblem)))
      .optional()
      .describe('a shared secret, where there is no JWT_JWKS'),
    JWT_JWKS: taking('an https:// URL, or a path', text(jwksProblem))
      .optional()
      .describe(
        "URL or file of the issuer's public keys (RS256, ES256, EdDSA), where there is no JWT_SECRET",
      ),
    JWT_ROLES_CLAIM: claim()
      .optional()
      .describe('with JWT_JWKS, the claim that has the roles, if not roles'),
    JWT_PROGRAMS_CLAIM: claim()
      .optional()
      .describe('with JWT_JWKS, the claim that has the programs, if not programs'),
    LOG_LEVEL: logLevel()
      .default('info')
      .describe('the least severe lines to log; calls that go well have theirs at debug'),
    LOG_PRETTY: flag().default(false).describe('lines for people instead of JSON'),
    SHUTDOWN_GRACE_SECONDS: integer({ min: 0, max: 3600 })
      .default(20)
      .describe('how long calls and messages may take to finish after SIGTERM'),
  };
}

/** Settings of every service with a database. */
export function serviceSettings(
  /** Also the customary name of its database. */
  service: string,
  defaults: { grpcPort: number; httpPort: number; managementPort: number },
) {
  return {
    ...processSettings(defaults),
    GRPC_PORT: port().default(defaults.grpcPort).describe('the port of gRPC; 0 takes a free one'),
    HTTP_PORT: port()
      .default(defaults.httpPort)
      .describe('the port of Connect, gRPC-Web and JSON; 0 takes a free one'),
    DATABASE_URL: secret(url({ protocols: ['postgres:', 'postgresql:'] })).describe(
      `the service's database, such as postgres://user:password@host:5432/${service}`,
    ),
    DATABASE_POOL_SIZE: integer({ min: 1, max: 500 })
      .default(10)
      .describe(
        'connections to the database for calls and messages, at most; a few more are for other work',
      ),
    ...callerLimitSettings(),
    TRUSTED_CALLERS: taking(
      'addresses, networks, and names in certificates, separated by commas',
      z
        .string()
        .default('')
        .transform((value) => value.split(',').flatMap((caller) => caller.trim() || []))
        .superRefine((callers, context) => {
          for (const caller of callers) {
            const message = trustedCallerProblem(caller);
            if (message !== undefined) context.addIssue({ code: 'custom', message });
          }
        }),
    ).describe(
      'who has held callers to their limits already: gateways; networks of /8 and longer, of IPv6 /16 unless they are private',
    ),
    NATS_URL: natsUrls().describe('the NATS servers, such as nats://host:4222'),
    NATS_USER: z.string().optional().describe('the user at NATS, where NATS_URL has none'),
    NATS_PASSWORD: secret(z.string()).optional().describe('the password of NATS_USER'),
  };
}

/** A text that `problemOf` finds nothing wrong with. */
function text(problemOf: (value: string) => string | undefined) {
  return z.string().superRefine((value, context) => {
    const message = problemOf(value);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
}

/** A space, or a character that can't be seen, at the beginning or the end. U+2800 is a Braille cell without a dot. */
const invisibleEdge =
  /^[\s\p{Cc}\p{Default_Ignorable_Code_Point}\u2800]|[\s\p{Cc}\p{Default_Ignorable_Code_Point}\u2800]$/u;

/** What tokens have to repeat exactly. */
function claim() {
  return text((value) =>
    invisibleEdge.test(value)
      ? 'is blank, or begins or ends with a space or an invisible character; remove that'
      : undefined,
  );
}

/** One server or several, separated by commas. */
function natsUrls() {
  const one = url({ protocols: ['nats:', 'tls:'] });
  const allowed = 'one or more URLs that start with nats:// or tls://, separated by commas';
  return taking(
    allowed,
    z
      .string()
      .refine(
        (value) => value.split(',').every((part) => one.safeParse(part.trim()).success),
        `must be ${allowed}`,
      ),
  );
}

type Values<Settings extends z.core.$ZodLooseShape> = z.output<z.ZodObject<Settings>>;

/**
 * @param prefix of the process's settings, for messages
 * @throws {ConfigError} unless there is exactly one way to verify tokens
 */
export function processConfig(
  values: Values<ReturnType<typeof processSettings>>,
  prefix: string,
): ProcessConfig {
  if ((values.JWT_SECRET === undefined) === (values.JWT_JWKS === undefined)) {
    throw new ConfigError(
      `${prefix}JWT_SECRET must be set if, and only if, ${prefix}JWT_JWKS is not`,
    );
  }
  for (const setting of ['JWT_ROLES_CLAIM', 'JWT_PROGRAMS_CLAIM'] as const) {
    // Tokens that the platform signs by itself have the usual claims.
    if (values.JWT_SECRET === undefined || values[setting] === undefined) continue;
    throw new ConfigError(
      `${prefix}${setting} is for tokens of an issuer; remove it, or set ${prefix}JWT_JWKS instead of ${prefix}JWT_SECRET`,
    );
  }
  return {
    host: values.HOST,
    management: { host: values.MANAGEMENT_HOST ?? values.HOST, port: values.MANAGEMENT_PORT },
    tls: tlsConfig(values, prefix),
    tokens: {
      issuer: values.JWT_ISSUER,
      audience: values.JWT_AUDIENCE,
      secret: values.JWT_SECRET,
      jwks: values.JWT_JWKS,
      rolesClaim: values.JWT_ROLES_CLAIM,
      programsClaim: values.JWT_PROGRAMS_CLAIM,
    },
    log: { level: values.LOG_LEVEL, pretty: values.LOG_PRETTY },
    shutdownGraceMs: values.SHUTDOWN_GRACE_SECONDS * 1000,
  };
}

/**
 * Two ports of one process can't be the same, unless the system chooses them.
 *
 * @param ports by the names of their settings
 * @throws {ConfigError} naming both settings
 */
export function requireDifferentPorts(ports: Readonly<Record<string, number>>): void {
  const settings = new Map<number, string>();
  for (const [setting, number] of Object.entries(ports)) {
    const other = settings.get(number);
    if (other !== undefined && number !== 0) {
      throw new ConfigError(`${setting} is ${number}, as ${other} is; choose another port for it`);
    }
    settings.set(number, setting);
  }
}

/** @throws {ConfigError} as {@link processConfig} does, and if two ports are the same */
export function serviceConfig(
  values: Values<ReturnType<typeof serviceSettings>>,
  prefix: string,
): ServiceConfig {
  const config = processConfig(values, prefix);
  requireDifferentPorts({
    [`${prefix}GRPC_PORT`]: values.GRPC_PORT,
    [`${prefix}HTTP_PORT`]: values.HTTP_PORT,
    [`${prefix}MANAGEMENT_PORT`]: values.MANAGEMENT_PORT,
  });
  const name = values.TRUSTED_CALLERS.find(isName);
  if (name !== undefined && config.tls.server?.ca === undefined) {
    throw new ConfigError(
      `${prefix}TRUSTED_CALLERS has the name ${name}, which only a certificate proves; set ${prefix}TLS_CLIENT_CA_FILE, or give addresses`,
    );
  }
  return {
    ...config,
    grpcPort: values.GRPC_PORT,
    httpPort: values.HTTP_PORT,
    callerLimits: callerLimits(values),
    trustedCallers: values.TRUSTED_CALLERS,
    database: { url: values.DATABASE_URL, poolSize: values.DATABASE_POOL_SIZE },
    nats: {
      url: values.NATS_URL,
      user: values.NATS_USER,
      password: values.NATS_PASSWORD,
    },
  };
}
