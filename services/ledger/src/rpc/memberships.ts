import { etagConditions } from '@loyalty/platform/rpc/etag-conditions.ts';
import { keysToUpdate, pathsToUpdate } from '@loyalty/platform/rpc/field-mask.ts';
import type { Handlers } from '@loyalty/platform/rpc/handler.ts';
import { requireStorable } from '@loyalty/platform/rpc/storable.ts';
import { msOfTimestamp } from '@loyalty/platform/rpc/timestamps.ts';
import {
  type Membership,
  MembershipSchema,
} from '@loyalty/proto/loyalty/ledger/v1/membership_pb.ts';
import {
  JoinProgramRequestSchema,
  type MembershipService,
} from '@loyalty/proto/loyalty/ledger/v1/membership_service_pb.ts';
import { ValidationFailed } from '@loyalty/rules/validation-failed.ts';
import type { App } from '../app/app.ts';
import { getMembership } from '../app/get-membership.ts';
import { joinProgram } from '../app/join-program.ts';
import { leaveProgram } from '../app/leave-program.ts';
import { viewMembership } from '../app/membership-view.ts';
import { resumeMembership } from '../app/resume-membership.ts';
import { suspendMembership } from '../app/suspend-membership.ts';
import { updateMembership } from '../app/update-membership.ts';
import type { AttributesUpdate } from '../domain/attributes.ts';
import { renderMembership } from '../messages/membership-message.ts';
import { authorOf, isMember } from './caller.ts';

/** A membership, and what changes it. */
export function membershipHandlers(
  app: App,
): Pick<
  Handlers<typeof MembershipService>,
  | 'joinProgram'
  | 'getMembership'
  | 'updateMembership'
  | 'suspendMembership'
  | 'resumeMembership'
  | 'leaveProgram'
> {
  return {
    async joinProgram(request, context) {
      const { programId, userId, attributes } = request;
      requireStorable(JoinProgramRequestSchema, request);
      const joinTime = msOfTimestamp(request.joinTime, 'join_time');
      const { account, replayed } = await joinProgram(
        app,
        { programId, userId, attributes, joinTime, byMember: isMember(context) },
        authorOf(context),
      );
      return { membership: renderMembership(viewMembership(account, app.clock())), replayed };
    },

    async getMembership({ programId, userId }) {
      return {
        membership: renderMembership(await getMembership(app, { programId, userId })),
      };
    },

    async updateMembership(request, context) {
      const { programId, userId, membership, updateMask } = request;
      if (membership === undefined) throw invalid('membership', 'must be set');
      requireSameId('program_id', { inBody: membership.programId, inPath: programId });
      requireSameId('user_id', { inBody: membership.userId, inPath: userId });
      requireStorable(MembershipSchema, membership, 'membership');
      const paths = pathsToUpdate({
        schema: MembershipSchema,
        message: membership,
        field: 'membership',
        mask: updateMask,
        updatable: ['attributes'],
        ignored: ['program_id', 'user_id', 'etag'],
      });
      const account = await updateMembership(
        app,
        {
          programId,
          userId,
          attributes: attributesUpdate(membership, paths),
          etags: etagConditions(request.etag, membership.etag),
        },
        authorOf(context),
      );
      return { membership: renderMembership(viewMembership(account, app.clock())) };
    },

    async suspendMembership({ programId, userId }, context) {
      const account = await suspendMembership(app, { programId, userId }, authorOf(context));
      return { membership: renderMembership(viewMembership(account, app.clock())) };
    },

    async resumeMembership({ programId, userId }, context) {
      const account = await resumeMembership(app, { programId, userId }, authorOf(context));
      return { membership: renderMembership(viewMembership(account, app.clock())) };
    },

    async leaveProgram({ programId, userId }, context) {
      // Only admins make others leave; any other caller is the member.
      const byMember = !context.caller.roles.has('admin');
      const account = await leaveProgram(app, { programId, userId, byMember }, authorOf(context));
      return { membership: renderMembership(viewMembership(account, app.clock())) };
    },
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

function invalid(field: string, message: string): ValidationFailed {
  return new ValidationFailed([{ field, message }]);
}
