import { pageRequest, textPosition } from '@loyalty/platform/paging.ts';
import { etagConditions } from '@loyalty/platform/rpc/etag-conditions.ts';
import { keysToUpdate, pathsToUpdate } from '@loyalty/platform/rpc/field-mask.ts';
import type { Handlers } from '@loyalty/platform/rpc/handler.ts';
import { renderPage } from '@loyalty/platform/rpc/page.ts';
import { requireStorable } from '@loyalty/platform/rpc/storable.ts';
import { msOfTimestamp } from '@loyalty/platform/rpc/timestamps.ts';
import {
  type Membership,
  MembershipSchema,
} from '@loyalty/proto/loyalty/ledger/v1/membership_pb.ts';
import {
  JoinProgramRequestSchema,
  type ListMembersRequest,
  ListMembersRequestSchema,
  type MembershipService,
} from '@loyalty/proto/loyalty/ledger/v1/membership_service_pb.ts';
import { ValidationFailed } from '@loyalty/rules/validation-failed.ts';
import type { App } from '../app/app.ts';
import { getMembership } from '../app/get-membership.ts';
import { joinProgram } from '../app/join-program.ts';
import { leaveProgram } from '../app/leave-program.ts';
import { listMembers } from '../app/list-members.ts';
import { listMemberships } from '../app/list-memberships.ts';
import { viewMembership } from '../app/membership-view.ts';
import { resumeMembership } from '../app/resume-membership.ts';
import { suspendMembership } from '../app/suspend-membership.ts';
import { updateMembership } from '../app/update-membership.ts';
import type { AttributesUpdate } from '../domain/attributes.ts';
import { parseMembershipState, renderMembership } from '../messages/membership-message.ts';
import { authorOf, isMember, programsOf } from './caller.ts';
import { memberPosition } from './positions.ts';

/** The RPCs of memberships. */
export function membershipHandlers(app: App): Handlers<typeof MembershipService> {
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

    async listMembers(request) {
      requireStorable(ListMembersRequestSchema, request);
      const { attributeKey: key, attributeValue: value } = request;
      requireKeyWithValue(request);
      const query = {
        programId: request.programId,
        userIdPrefix: request.userIdPrefix,
        state: parseMembershipState(request.state),
        joinStartTime: msOfTimestamp(request.joinStartTime, 'join_start_time'),
        joinEndTime: msOfTimestamp(request.joinEndTime, 'join_end_time'),
      };
      const filter = { list: 'members', ...query, key, value };
      const list = { filter, position: memberPosition };
      const page = await listMembers(app, {
        ...query,
        attribute: key === '' ? undefined : { key, value },
        ...pageRequest(request, list),
      });
      const { messages, nextPageToken } = renderPage({
        page,
        list,
        schema: MembershipSchema,
        render: renderMembership,
      });
      return { members: messages, nextPageToken };
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

    /** Shows the memberships in the programs that the caller's token reaches. */
    async listMemberships(request, context) {
      const { userId } = request;
      const list = { filter: { list: 'memberships', userId }, position: textPosition };
      const page = await listMemberships(app, {
        userId,
        programs: programsOf(context),
        ...pageRequest(request, list),
      });
      const { messages, nextPageToken } = renderPage({
        page,
        list,
        schema: MembershipSchema,
        render: renderMembership,
      });
      return { memberships: messages, nextPageToken };
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

/** No value given is the same as an empty one, so nothing can be listed by an empty value. */
function requireKeyWithValue({ attributeKey, attributeValue }: ListMembersRequest): void {
  if (attributeKey === '' && attributeValue !== '') {
    const message = 'needs attribute_key, which names the attribute';
    throw new ValidationFailed([{ field: 'attribute_value', message, names: ['attribute_key'] }]);
  }
  if (attributeKey !== '' && attributeValue === '') {
    const message = 'needs attribute_value, which is what the attribute must be';
    throw new ValidationFailed([{ field: 'attribute_key', message, names: ['attribute_value'] }]);
  }
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
