import { ConfigError } from '@loyalty/platform/config.ts';
import { createLogger } from '@loyalty/platform/logging.ts';
import {
  CredentialsRefused,
  connectNats,
  missingPermission,
  type Nats,
} from '@loyalty/platform/messaging/connection.ts';

/** Where the URL of NATS comes from: the option of a command, or the setting behind it. */
export interface NatsUrl {
  readonly url: string;
  readonly source: '--nats-url' | 'NATS_OPERATOR_URL';
}

/** NATS for a command that a person runs. Refused credentials end its attempts to connect. */
export function openNats({ url }: NatsUrl, name: string): Nats {
  const logger = createLogger({ name: 'loyalty', level: 'silent' });
  return connectNats({ url, name, endsIfRefused: true, logger });
}

/** Names the place where the credentials that NATS refused are to be mended; returns other errors as they are. */
export function explainedRefusal(error: unknown, { source }: NatsUrl): unknown {
  if (error instanceof CredentialsRefused) {
    return new ConfigError(`${error.message} in ${source}; give those of a user of this NATS`, {
      cause: error,
    });
  }
  const permission = missingPermission(error);
  if (permission === undefined) return error;
  return new ConfigError(
    `The NATS user in ${source} lacks the permission to ${permission}; give a user who has it: "operator" in deploy/kubernetes/components/nats/accounts.conf`,
    { cause: error },
  );
}
