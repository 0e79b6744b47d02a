import { DomainError } from '@loyalty/rules/domain-error.ts';

/** Thrown when the program has no such webhook. */
export class WebhookNotFound extends DomainError {
  readonly reason = 'WEBHOOK_NOT_FOUND';

  constructor({ programId, webhookId }: { programId: string; webhookId: string }) {
    super(`Program ${programId} has no webhook ${webhookId}`, {
      metadata: { programId, webhookId },
    });
  }
}

/** Thrown when the ledger knows no program with that id. */
export class ProgramNotFound extends DomainError {
  readonly reason = 'PROGRAM_NOT_FOUND';

  constructor(programId: string) {
    super(`There is no program with the id ${programId}`, { metadata: { programId } });
  }
}

/** Thrown when the user was never a member of the program, and so has no journal. */
export class MembershipNotFound extends DomainError {
  readonly reason = 'MEMBERSHIP_NOT_FOUND';

  constructor(programId: string) {
    super(`The user isn't a member of program ${programId}`, { metadata: { programId } });
  }
}

/** Thrown when the webhook has no such delivery. */
export class DeliveryNotFound extends DomainError {
  readonly reason = 'DELIVERY_NOT_FOUND';

  constructor({ webhookId, deliveryId }: { webhookId: string; deliveryId: string }) {
    super(`The webhook has no delivery ${deliveryId}`, { metadata: { webhookId, deliveryId } });
  }
}

/** Thrown when a disabled webhook is asked to deliver. */
export class WebhookIsDisabled extends DomainError {
  readonly reason = 'ILLEGAL_TRANSITION';

  constructor(webhookId: string) {
    super('The webhook is disabled; enable it first', {
      metadata: { webhookId, from: 'DISABLED' },
    });
  }
}

/** Thrown when a replay is asked for while another one is under way. */
export class ReplayRunning extends DomainError {
  readonly reason = 'ILLEGAL_TRANSITION';

  constructor(webhookId: string) {
    super('A replay for the webhook is under way; wait until it is done', {
      metadata: {
        webhookId,
        from: 'RUNNING',
      },
    });
  }
}
