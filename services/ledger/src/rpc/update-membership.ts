import { etagConditions } from '@loyalty/platform/rpc/etag-conditions.ts';
import { keysToUpdate, pathsToUpdate } from '@loyalty/platform/rpc/field-mask.ts';
import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import {
  type Membership,
  MembershipSchema,
} from '@loyalty/proto/loyalty/ledger/v1/membership_pb.ts';
import type { MembershipService } from '@loyalty/proto/loyalty/ledger/v1/membership_service_pb.ts';
import type { App } from '../app/app.ts';
import { viewMembership } from '../app/membership-view.ts';
import type { AttributesUpdate } from '../domain/attributes.ts';
import { InvalidCommand } from '../domain/errors.ts';
import { requireStorable } from './attributes.ts';
import { causeOf } from './caller.ts';
import { renderMembership } from './membership-message.ts';

type Method = typeof MembershipService.method.updateMembership;

export function updateMembershipHandler({
  updateMembership,
  clock,
}: Pick<App, 'updateMembership' | 'clock'>): Handler<Method> {
  return async (request, context) => {
    const { programId, userId, membership, updateMask } = request;
    if (membership === undefined) throw invalid('membership', 'must be set');
    requireSameId('program_id', { inBody: membership.programId, inPath: programId });
    requireSameId('user_id', { inBody: membership.userId, inPath: userId });
    requireStorable(membership.attributes, 'membership.attributes');
    const paths = pathsToUpdate({
      schema: MembershipSchema,
      message: membership,
      field: 'membership',
      mask: updateMask,
      updatable: ['attributes'],
      ignored: ['program_id', 'user_id', 'etag'],
    });
    const account = await updateMembership(
      {
        programId,
        userId,
        attributes: attributesUpdate(membership, paths),
        etags: etagConditions(request.etag, membership.etag),
      },
      causeOf(context),
    );
    return { membership: renderMembership(viewMembership(account, clock())) };
  };
}

function attributesUpdate(
  { attributes }: Membership,
  paths: ReadonlySet<string>,
): AttributesUpdate {
  if (paths.has('attributes')) return { kind: 'REPLACE', attributes };
  const keys = keysToUpdate(paths, 'attributes');
  const set = Object.entries(attributes).filter(([key]) => keys.includes(key));
  return {
    kind: 'MERGE',
    set: Object.fromEntries(set),
    removed: keys.filter((key) => !Object.hasOwn(attributes, key)),
  };
}

function requireSameId(field: string, { inBody, inPath }: { inBody: string; inPath: string }) {
  if (inBody === '' || inBody === inPath) return;
  throw invalid(`membership.${field}`, `can't change; it is ${inPath}`);
}

function invalid(field: string, message: string): InvalidCommand {
  return new InvalidCommand([{ field, message }]);
}
