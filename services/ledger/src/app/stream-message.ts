import type { Author } from '@loyalty/rules/author.ts';
import type { DomainError } from '@loyalty/rules/domain-error.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import type { PurchaseName } from './ledger-store.ts';
import type { EarnInput, ReverseEarnInput } from './reports.ts';

/** A message of the incoming stream, as it arrived. */
export interface StreamMessage {
  readonly subject: string;
  /** Empty when the message had none. */
  readonly contentType: string;
  readonly payload: Uint8Array;
  /** Its number in the stream and when the stream stored it; together they identify it. */
  readonly streamSequence: number;
  readonly streamTime: Instant;
  readonly author: Author;
}

/** What a message reports. Ids that couldn't be read are empty, and so is the refund id of a purchase. */
export interface SubmissionName extends PurchaseName {
  readonly refundId: string;
}

/** What a message requests, or why that can't be determined. */
export type MessageContent = {
  readonly about: SubmissionName;
} & (
  | { readonly earn: EarnInput }
  | { readonly refund: ReverseEarnInput }
  | { readonly problem: DomainError }
);

/** A message as far as it could be read. */
export type ReadMessage = MessageContent & {
  /** The text of an error, with the sender's names of fields: JSON names if the message is JSON. */
  readonly textOf: (error: DomainError) => string;
};
