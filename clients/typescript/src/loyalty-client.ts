import type { DescService } from '@bufbuild/protobuf';
import { ChannelCredentials, credentials as grpcCredentials } from '@grpc/grpc-js';
import { DeadLetterService } from '@loyalty/proto/loyalty/ledger/v1/dead_letter_service_pb.ts';
import { LedgerService } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { MembershipService } from '@loyalty/proto/loyalty/ledger/v1/membership_service_pb.ts';
import { RedemptionService } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import { ProgramService } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import { RewardService } from '@loyalty/proto/loyalty/programs/v1/reward_service_pb.ts';
import { RuleSetService } from '@loyalty/proto/loyalty/programs/v1/rule_set_service_pb.ts';
import { openChannel } from './channel.ts';
import { createRetryBudget, type RetryOptions } from './retries.ts';
import {
  type CallDefaults,
  createServiceClient,
  requireDuration,
  type ServiceClient,
  type TokenSource,
} from './service-client.ts';

/** Every public method of the platform. All of them reject with a LoyaltyError. */
export interface LoyaltyClient {
  /** Earns, refunds, balances and the journal. */
  readonly ledger: ServiceClient<typeof LedgerService>;
  readonly memberships: ServiceClient<typeof MembershipService>;
  readonly redemptions: ServiceClient<typeof RedemptionService>;
  readonly deadLetters: ServiceClient<typeof DeadLetterService>;
  readonly programs: ServiceClient<typeof ProgramService>;
  readonly ruleSets: ServiceClient<typeof RuleSetService>;
  readonly rewards: ServiceClient<typeof RewardService>;
  /** Closes the connections. Calls under way go on; no new ones are possible. */
  close(): void;
}

/** PEM texts. */
export interface TlsOptions {
  /** The certificates of the authorities to trust; those that Node.js trusts when absent. */
  ca?: string | Buffer | undefined;
  /** The client's own certificate and key, for mutual TLS. */
  certificate?: string | Buffer | undefined;
  key?: string | Buffer | undefined;
}

export interface LoyaltyClientOptions {
  /**
   * `host:port` of the ledger's gRPC port, or a target of grpc-js such as `dns:///ledger-headless:50052`. Needed for
   * `ledger`, `memberships`, `redemptions` and `deadLetters`.
   */
  ledgerAddress?: string | undefined;
  /** The same of the programs service. Needed for `programs`, `ruleSets` and `rewards`. */
  programsAddress?: string | undefined;
  token: TokenSource;
  /** Plaintext when absent; `true` for TLS with the authorities that Node.js trusts. */
  tls?: true | TlsOptions | ChannelCredentials | undefined;
  /** How long a call may take with all its retries; 10 seconds by default. */
  timeoutMs?: number | undefined;
  /** How long an attempt may take before another one is made; 4 seconds by default. */
  attemptTimeoutMs?: number | undefined;
  retries?: RetryOptions | undefined;
}

const defaultTimeoutMs = 10_000;
const defaultAttemptTimeoutMs = 4_000;
/** Together about three seconds, as long as a service takes to restart. */
const defaultAttemptsMax = 8;

/**
 * Connects on the first call. One client serves a whole process: calls share its connections, and take turns among the
 * replicas that the addresses resolve to.
 *
 * @throws {TypeError} without a token
 * @throws {RangeError} for a time that isn't a number
 */
export function createLoyaltyClient(options: LoyaltyClientOptions): LoyaltyClient {
  requireOptions(options);
  const defaults: Omit<CallDefaults, 'budget'> = {
    token: options.token,
    timeoutMs: options.timeoutMs ?? defaultTimeoutMs,
    attemptTimeoutMs: options.attemptTimeoutMs ?? defaultAttemptTimeoutMs,
    attemptsMax: options.retries?.attemptsMax ?? defaultAttemptsMax,
  };
  const credentials = credentialsOf(options.tls);
  const channelTo = (option: 'ledgerAddress' | 'programsAddress') => {
    const address = options[option];
    const channel = address === undefined ? undefined : openChannel({ address, credentials });
    // Of its own, so that the failures of one service don't end the retries of the other.
    const budget = createRetryBudget();
    return {
      clientOf: <S extends DescService>(service: S): ServiceClient<S> =>
        channel === undefined
          ? withoutAddress(service.name, option)
          : createServiceClient(service, channel, { ...defaults, budget }),
      close: () => channel?.close(),
    };
  };
  const ledger = channelTo('ledgerAddress');
  const programs = channelTo('programsAddress');
  return {
    ledger: ledger.clientOf(LedgerService),
    memberships: ledger.clientOf(MembershipService),
    redemptions: ledger.clientOf(RedemptionService),
    deadLetters: ledger.clientOf(DeadLetterService),
    programs: programs.clientOf(ProgramService),
    ruleSets: programs.clientOf(RuleSetService),
    rewards: programs.clientOf(RewardService),
    close() {
      ledger.close();
      programs.close();
    },
  };
}

function requireOptions({
  token,
  timeoutMs = defaultTimeoutMs,
  attemptTimeoutMs = defaultAttemptTimeoutMs,
}: LoyaltyClientOptions): void {
  if (typeof token !== 'string' && typeof token !== 'function') {
    throw new TypeError('token must be given: a text, or a function that returns one');
  }
  requireDuration('timeoutMs', timeoutMs);
  requireDuration('attemptTimeoutMs', attemptTimeoutMs);
}

function credentialsOf(tls: LoyaltyClientOptions['tls']): ChannelCredentials {
  if (tls === undefined) return grpcCredentials.createInsecure();
  if (tls instanceof ChannelCredentials) return tls;
  if (tls === true) return grpcCredentials.createSsl();
  return grpcCredentials.createSsl(bytesOf(tls.ca), bytesOf(tls.key), bytesOf(tls.certificate));
}

function bytesOf(pem: string | Buffer | undefined): Buffer | null {
  return pem === undefined ? null : Buffer.from(pem);
}

function withoutAddress<Client extends object>(service: string, option: string): Client {
  return new Proxy({} as Client, {
    get() {
      throw new Error(`${service} needs the option ${option} of createLoyaltyClient`);
    },
  });
}
