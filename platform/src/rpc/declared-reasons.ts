import { channel } from 'node:diagnostics_channel';
import type { DescMethod } from '@bufbuild/protobuf';
import { reasonsOf } from '../error-catalog.ts';
import type { CallContext } from './call-context.ts';

/** A failure whose reason the method's option `errors` lacks. */
export interface UndeclaredReason {
  /** `loyalty.ledger.v1.LedgerService/Earn` */
  readonly method: string;
  readonly reason: string;
}

/** Each {@link UndeclaredReason} is published on it, whatever the level of the log. Tests that cause one fail. */
export const undeclaredReasonsChannel = 'loyalty.undeclared-reason';

const undeclaredReasons = channel(undeclaredReasonsChannel);

/** Notices when the contract is wrong about a method. */
export type ReasonCheck = (reason: string, call: Pick<CallContext, 'log'>) => void;

/**
 * Checks the reasons for which a method fails against those that it declares. One that it doesn't is a defect for the log: the
 * caller still gets it, because it says what happened, though the client may not be prepared for it.
 */
export function reasonCheckOf(method: DescMethod): ReasonCheck {
  const name = `${method.parent.typeName}/${method.name}`;
  const declared = reasonsOf(method);
  return (reason, call) => {
    if (declared.has(reason)) return;
    call.log.error(
      { undeclared: reason, undeclaredIn: name },
      `add ${reason} to the option errors of ${name}: it has failed for that reason`,
    );
    undeclaredReasons.publish({ method: name, reason } satisfies UndeclaredReason);
  };
}
