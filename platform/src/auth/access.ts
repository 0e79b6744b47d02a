import {
  type DescField,
  type DescMessage,
  type DescMethod,
  getOption,
  hasOption,
  type Message,
  ScalarType,
} from '@bufbuild/protobuf';
import {
  field as fieldRules,
  Ignore,
} from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import {
  Access_Own,
  Access_Role,
  access as accessOption,
} from '@loyalty/proto/loyalty/options/v1/access_pb.ts';
import { PermissionDenied } from './errors.ts';
import type { Caller, Role } from './tokens.ts';

/** The access rules of a method, read once from its `access` option. */
export interface Access {
  readonly roles: ReadonlySet<Role>;
  /** What a caller may reach who is allowed as a member only; undefined if members aren't allowed. */
  readonly own: 'REQUEST_USER' | 'LOADED_OWNER' | 'ANY' | undefined;
  /** Fields that lead to the request's `program_id`, which may be one level down; undefined if it has none. */
  readonly programIdPath: readonly DescField[] | undefined;
  /** Whether a request without program id is about all programs that the caller's token reaches. */
  readonly programIsFilter: boolean;
  /** The request's `user_id`; undefined if it has none. */
  readonly userIdPath: readonly DescField[] | undefined;
}

/** The ids that decide who may call; undefined if they aren't known, or the request has none. */
export interface AccessedIds {
  readonly programId: string | undefined;
  readonly userId: string | undefined;
}

const roleNames: ReadonlyMap<number, Role> = new Map([
  [Access_Role.ADMIN, 'admin'],
  [Access_Role.SERVICE, 'service'],
  [Access_Role.MEMBER, 'member'],
]);

const ownNames: ReadonlyMap<number, NonNullable<Access['own']>> = new Map([
  [Access_Own.REQUEST_USER, 'REQUEST_USER'],
  [Access_Own.LOADED_OWNER, 'LOADED_OWNER'],
  [Access_Own.ANY, 'ANY'],
]);

/** The method's access rule. Throws, naming the method and the fix, if the rule is absent or contradicts itself. */
export function accessOf(method: DescMethod): Access {
  const refuse = (problem: string) =>
    new Error(`${method.parent.typeName}/${method.name} can't be served: ${problem}`);
  if (!hasOption(method, accessOption)) {
    throw refuse('it has no option (loyalty.options.v1.access)');
  }
  const option = getOption(method, accessOption);
  const roles = new Set<Role>();
  for (const number of option.roles) {
    const role = roleNames.get(number);
    if (role === undefined) throw refuse(`its access option has the unknown role ${number}`);
    roles.add(role);
  }
  if (roles.size === 0) throw refuse('its access option has no roles');
  const own = ownNames.get(option.own);
  if (roles.has('member') && own === undefined) {
    throw refuse("its access option has the role MEMBER but doesn't say what is a member's own");
  }
  if (!roles.has('member') && own !== undefined) {
    throw refuse("its access option says what is a member's own but hasn't the role MEMBER");
  }
  const userIdPath = pathTo(method.input, 'user_id');
  if (own === 'REQUEST_USER' && userIdPath === undefined) {
    throw refuse(`own is REQUEST_USER but ${method.input.typeName} has no string user_id`);
  }
  const programIdPath =
    pathTo(method.input, 'program_id') ?? nestedPathTo(method.input, 'program_id');
  const programField = programIdPath?.at(-1);
  const programIsFilter =
    programField !== undefined &&
    getOption(programField, fieldRules).ignore === Ignore.IF_ZERO_VALUE;
  return { roles, own, programIdPath, programIsFilter, userIdPath };
}

/**
 * Checks what can be checked without the request.
 *
 * @throws {PermissionDenied} when the caller has no role for the method
 */
export function requireRole({ roles }: Pick<Access, 'roles'>, caller: Pick<Caller, 'roles'>): void {
  if (caller.roles.isDisjointFrom(roles)) {
    throw new PermissionDenied(`The method needs one of the roles ${[...roles].join(', ')}`);
  }
}

/**
 * Throws PermissionDenied unless the caller has a role for the method, the token reaches the request's program, and
 * a plain member's request is for their own data, as far as the request shows. A method whose request has no
 * `program_id`, or may leave it empty, has to heed `caller.programs` itself.
 * @returns whether the caller is allowed as a member only, so that the loaded object's owner still has to be checked
 */
export function authorize(access: Access, caller: Caller, request: Message): boolean {
  requireRole(access, caller);
  const { programIdPath, userIdPath } = access;
  requireReach(access, caller, {
    programId: programIdPath && textAt(request, programIdPath),
    userId: userIdPath && textAt(request, userIdPath),
  });
  return isAllowedAsMember(access, caller);
}

/**
 * Checks the ids that are known. For requests that can't be read as a whole: who may not make a call isn't told what is
 * wrong with it.
 *
 * @throws {PermissionDenied}
 */
export function requireReach(
  access: Access,
  caller: Pick<Caller, 'subject' | 'roles' | 'programs'>,
  { programId, userId }: AccessedIds,
): void {
  const isAboutAll = programId === '' && access.programIsFilter;
  if (programId !== undefined && !isAboutAll && !reachesProgram(caller, programId)) {
    throw new PermissionDenied("The token doesn't reach this program");
  }
  if (
    userId !== undefined &&
    userId !== caller.subject &&
    access.own === 'REQUEST_USER' &&
    isAllowedAsMember(access, caller)
  ) {
    throw new PermissionDenied('Members can only reach their own data');
  }
}

/** Whether a caller with these roles is a member and nothing else, on any method. */
export function isMemberOnly(roles: ReadonlySet<Role>): boolean {
  return !roles.has('admin') && !roles.has('service');
}

/** Whether the method is open to none of the caller's roles but that of a member. */
function isAllowedAsMember(access: Access, caller: Pick<Caller, 'roles'>): boolean {
  for (const role of caller.roles) {
    if (role !== 'member' && access.roles.has(role)) return false;
  }
  return true;
}

/** Whether the caller's token reaches the program. */
export function reachesProgram(caller: Pick<Caller, 'programs'>, programId: string): boolean {
  return caller.programs === undefined || caller.programs.has(programId);
}

function pathTo(message: DescMessage, name: string): readonly DescField[] | undefined {
  const field = message.fields.find((candidate) => candidate.name === name && isText(candidate));
  return field && [field];
}

function nestedPathTo(message: DescMessage, name: string): readonly DescField[] | undefined {
  for (const field of message.fields) {
    if (field.fieldKind !== 'message' || field.oneof !== undefined) continue;
    const path = pathTo(field.message, name);
    if (path !== undefined) return [field, ...path];
  }
  return undefined;
}

function textAt(request: Message, path: readonly DescField[]): string {
  let value: unknown = request;
  for (const { localName } of path) value = (value as Fields | undefined)?.[localName];
  return (value as string | undefined) ?? '';
}

type Fields = Readonly<Record<string, unknown>>;

// Members of a oneof live elsewhere in the generated shape, where no reader would find them.
function isText(field: DescField): boolean {
  return (
    field.fieldKind === 'scalar' && field.scalar === ScalarType.STRING && field.oneof === undefined
  );
}
