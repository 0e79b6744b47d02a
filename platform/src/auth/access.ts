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
  Access_Own,
  Access_Role,
  access as accessOption,
} from '@loyalty/proto/loyalty/options/v1/access_pb.ts';
import { PermissionDenied } from './errors.ts';
import type { Caller, Role } from './tokens.ts';

type ReadText = (request: Message) => string;

/** The access rules of a method, read once from its `access` option. */
export interface Access {
  readonly roles: ReadonlySet<Role>;
  /** What a caller may reach who is allowed as a member only; undefined if members aren't allowed. */
  readonly own: 'REQUEST_USER' | 'LOADED_OWNER' | 'ANY' | undefined;
  /** Reads the request's `program_id`, also one level down; undefined if it has none. */
  readonly programIdOf: ReadText | undefined;
  /** Reads the request's `user_id`; undefined if it has none. */
  readonly userIdOf: ReadText | undefined;
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
  const userIdOf = textReader(method.input, 'user_id');
  if (own === 'REQUEST_USER' && userIdOf === undefined) {
    throw refuse(`own is REQUEST_USER but ${method.input.typeName} has no string user_id`);
  }
  const programIdOf =
    textReader(method.input, 'program_id') ?? nestedTextReader(method.input, 'program_id');
  return { roles, own, programIdOf, userIdOf };
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
 * a plain member's request is for their own data, as far as the request shows. A method without `program_id` has to
 * heed `caller.programs` itself.
 * @returns whether the caller is allowed as a member only, so that the loaded object's owner still has to be checked
 */
export function authorize(access: Access, caller: Caller, request: Message): boolean {
  requireRole(access, caller);
  const memberOnly = [...caller.roles].every(
    (role) => role === 'member' || !access.roles.has(role),
  );
  if (access.programIdOf !== undefined && !reachesProgram(caller, access.programIdOf(request))) {
    throw new PermissionDenied("The token doesn't reach this program");
  }
  if (
    memberOnly &&
    access.own === 'REQUEST_USER' &&
    access.userIdOf?.(request) !== caller.subject
  ) {
    throw new PermissionDenied('Members can only reach their own data');
  }
  return memberOnly;
}

/** Whether the caller's token reaches the program. */
export function reachesProgram(caller: Caller, programId: string): boolean {
  return caller.programs === undefined || caller.programs.has(programId);
}

function textReader(message: DescMessage, name: string): ReadText | undefined {
  const field = message.fields.find((candidate) => candidate.name === name && isText(candidate));
  if (field === undefined) return undefined;
  const { localName } = field;
  return (request) => ((request as unknown as Fields)[localName] as string | undefined) ?? '';
}

function nestedTextReader(message: DescMessage, name: string): ReadText | undefined {
  for (const field of message.fields) {
    if (field.fieldKind !== 'message' || field.oneof !== undefined) continue;
    const read = textReader(field.message, name);
    if (read === undefined) continue;
    const { localName } = field;
    return (request) => {
      const nested = (request as unknown as Fields)[localName] as Message | undefined;
      return nested === undefined ? '' : read(nested);
    };
  }
  return undefined;
}

type Fields = Readonly<Record<string, unknown>>;

// Members of a oneof live elsewhere in the generated shape, where no reader would find them.
function isText(field: DescField): boolean {
  return (
    field.fieldKind === 'scalar' && field.scalar === ScalarType.STRING && field.oneof === undefined
  );
}
