// The configuration of a service that calls another one.
import { z } from 'zod';
import { ConfigError, file, taking } from './config.ts';

/** How a service reaches another one. */
export interface CalleeConfig {
  /** `host:port`, or another target of grpc-js. */
  readonly address: string;
  /** A file with the token for calls to it; where there is none, `tokens.secret` signs one. */
  readonly tokenFile: string | undefined;
}

export function grpcTarget() {
  return taking('a gRPC target, such as host:port', z.string().min(1));
}

/** @param callee what is called, such as `Programs` */
export function tokenFileSetting(callee: string) {
  return file()
    .optional()
    .describe(
      `a token for calls to ${callee}, read again for each; needed where there is no JWT_SECRET`,
    );
}

/**
 * The file with the token for calls to another service; undefined where the service signs its own.
 *
 * @param prefix of the service's settings, for messages
 * @throws {ConfigError} when there is no such file and the service can't sign a token
 */
export function tokenFileOf(
  values: {
    readonly SERVICE_TOKEN_FILE?: string | undefined;
    readonly JWT_SECRET?: string | undefined;
  },
  prefix: string,
): string | undefined {
  if (values.SERVICE_TOKEN_FILE === undefined && values.JWT_SECRET === undefined) {
    throw new ConfigError(
      `${prefix}SERVICE_TOKEN_FILE is missing; set it to a file with a service token, because without ${prefix}JWT_SECRET the service can't sign its own`,
    );
  }
  return values.SERVICE_TOKEN_FILE;
}
