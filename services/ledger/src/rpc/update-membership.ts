import type { FieldMask } from '@bufbuild/protobuf/wkt';
import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import {
  type Membership,
  MembershipSchema,
} from '@loyalty/proto/loyalty/ledger/v1/membership_pb.ts';
import type {
  MembershipService,
  UpdateMembershipRequest,
} from '@loyalty/proto/loyalty/ledger/v1/membership_service_pb.ts';
import type { App } from '../app/app.ts';
import { viewMembership } from '../app/membership-view.ts';
import { InvalidCommand } from '../domain/errors.ts';
import { type Attributes, requireAsOnJoining } from './attributes.ts';
import { causeOf } from './caller.ts';
import { renderMembership } from './membership-message.ts';

type Method = typeof MembershipService.method.updateMembership;

export function updateMembershipHandler({
  updateMembership,
  clock,
}: Pick<App, 'updateMembership' | 'clock'>): Handler<Method> {
  return async (request, context) => {
    const { programId, userId } = request;
    const attributes = newAttributes(request);
    const account = await updateMembership({ programId, userId, attributes }, causeOf(context));
    return { membership: renderMembership(viewMembership(account, clock())) };
  };
}

/** Undefined where they stay as they are. */
function newAttributes(request: UpdateMembershipRequest): Attributes | undefined {
  const { programId, userId, membership, updateMask } = request;
  if (membership === undefined) throw invalid('membership', 'must be set');
  requireSameId('program_id', { inBody: membership.programId, inPath: programId });
  requireSameId('user_id', { inBody: membership.userId, inPath: userId });
  if (!changesAttributes(membership, updateMask)) return undefined;
  const { attributes } = membership;
  requireAsOnJoining({ programId, userId }, attributes, 'membership.attributes');
  return attributes;
}

/** A mask may name what the ledger sets, so that a membership that was read can be sent back whole. */
function changesAttributes({ attributes }: Membership, mask: FieldMask | undefined): boolean {
  if (mask === undefined || mask.paths.length === 0) return Object.keys(attributes).length > 0;
  const known = MembershipSchema.fields.map(({ name }) => name);
  const wrong = mask.paths.filter((path) => path !== '*' && !known.includes(path));
  if (wrong.length > 0) {
    throw invalid('update_mask', `can't name ${wrong.join(', ')}; it can name attributes`);
  }
  return mask.paths.includes('attributes') || mask.paths.includes('*');
}

function requireSameId(field: string, { inBody, inPath }: { inBody: string; inPath: string }) {
  if (inBody === '' || inBody === inPath) return;
  throw invalid(`membership.${field}`, `can't change; it is ${inPath}`);
}

function invalid(field: string, message: string): InvalidCommand {
  return new InvalidCommand([{ field, message }]);
}
