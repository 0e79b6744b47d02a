// Everything that the package exports by its name.
export type { Timestamp } from '@bufbuild/protobuf/wkt';
export { timestampDate, timestampFromDate, timestampNow } from '@bufbuild/protobuf/wkt';
export type { FieldViolation } from './call-failure.ts';
export type { DoubleProgram } from './double/double-program.ts';
export { NotInDouble } from './double/double-store.ts';
export {
  createLoyaltyDouble,
  type DoubleOptions,
  type LoyaltyDouble,
} from './double/loyalty-double.ts';
export {
  createEarnProducer,
  type EarnProducer,
  type EarnProducerOptions,
  PublishFailed,
  type PublishOptions,
} from './earn-producer.ts';
export * from './errors.ts';
export {
  createLoyaltyClient,
  type LoyaltyClient,
  type LoyaltyClientOptions,
  type TlsOptions,
} from './loyalty-client.ts';
export { LoyaltyError, type LoyaltyErrorOptions } from './loyalty-error.ts';
export type { RetryOptions } from './retries.ts';
export type { CallOptions, ServiceClient, TokenSource } from './service-client.ts';
