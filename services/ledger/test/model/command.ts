import type { Purchase } from '@loyalty/rules/language.ts';
import type { RefundPart } from '@loyalty/rules/remaining-purchase.ts';
import type { RedemptionPartName } from '../../src/app/redemption-part.ts';

/** A reward, and how much of it: units where its price is fixed, points where it is a conversion. */
export interface Asking {
  readonly rewardId: string;
  readonly quantity?: number | undefined;
  readonly points?: bigint | undefined;
}

/** What can be asked of one membership. Redemptions are named by the idempotency key that they were made with. */
export type Command =
  | { readonly kind: 'look' }
  | { readonly kind: 'join'; readonly attributes: Attributes }
  | { readonly kind: 'suspend' }
  | { readonly kind: 'resume' }
  | { readonly kind: 'leave'; readonly byMember: boolean }
  | {
      readonly kind: 'update';
      readonly set: Attributes;
      readonly removed: readonly string[];
      /** How often the attributes had changed when they were read; undefined where nobody read them. */
      readonly asRead: number | undefined;
    }
  | { readonly kind: 'earn'; readonly purchase: Purchase; readonly byAnother: boolean }
  | (RefundId & { readonly kind: 'refund'; readonly extent: RefundPart })
  | (RefundId & { readonly kind: 'cancelRefund' })
  | (Asking & { readonly kind: 'quote' })
  | (Asking & {
      readonly kind: 'redeem';
      readonly key: string;
      /** Undefined to spend at once; 0 for the default. */
      readonly holdSeconds: number | undefined;
      readonly expectedPoints: bigint | undefined;
      readonly byMember: boolean;
    })
  | { readonly kind: 'capture'; readonly key: string; readonly part: RedemptionPartName }
  | { readonly kind: 'cancel'; readonly key: string; readonly byMember: boolean }
  | {
      readonly kind: 'reverse';
      readonly key: string;
      readonly requestKey: string;
      readonly part: RedemptionPartName;
    }
  | {
      readonly kind: 'adjust';
      readonly requestKey: string;
      readonly points: bigint;
      readonly allowDeficit: boolean;
      readonly dates: Dates;
    };

type Attributes = Readonly<Record<string, string>>;

/** When points that are given can be spent, and when they are gone. */
export interface Dates {
  readonly availableTime?: number | undefined;
  readonly expireTime?: number | undefined;
}

interface RefundId {
  readonly transactionId: string;
  readonly refundId: string;
}

/** The command of a kind. */
export type Of<Kind extends Command['kind']> = Extract<Command, { kind: Kind }>;

/** An answer with its numbers; a refusal has its reason as `error`. */
export type Answer = Readonly<Record<string, string | number | boolean | undefined>>;

/** Thrown when a command is refused. */
export class Refused extends Error {
  readonly answer: Answer;

  constructor(reason: string, numbers: Answer = {}) {
    super(reason);
    this.answer = { error: reason, ...numbers };
  }
}

/** Attributes as an answer has them. */
export function attributesText(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(([key, value]) => `${key}=${value}`)
    .toSorted()
    .join();
}

/** A command as text, to print it and to compare it with another. */
export function textOf(value: unknown): string {
  return JSON.stringify(value, (name, part) => {
    if (name === '$typeName') return undefined;
    return typeof part === 'bigint' ? Number(part) : part;
  });
}
