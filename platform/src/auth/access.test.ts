import { create } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import {
  Access_Own as Own,
  Access_Role as RoleNumber,
} from '@loyalty/proto/loyalty/options/v1/access_pb.ts';
import { type MethodRule, methodOf, noteService } from '../../test/note-service.ts';
import { accessOf, authorize } from './access.ts';
import type { Caller, Role } from './tokens.ts';

function caller(roles: Role[], programs?: string[]): Caller {
  return {
    subject: 'alice',
    roles: new Set(roles),
    programs: programs && new Set(programs),
    token: '',
  };
}

function check(
  rule: Omit<MethodRule, 'name'>,
  who: Caller,
  request: Record<string, string>,
): boolean {
  const method = methodOf(noteService([{ name: 'DoIt', ...rule }]), 'DoIt');
  return authorize(accessOf(method), who, create(method.input, request));
}

const denied = expect.objectContaining({ reason: 'PERMISSION_DENIED' });
const { ADMIN, SERVICE, MEMBER } = RoleNumber;

describe('a method is not served', () => {
  test.each<[string, Omit<MethodRule, 'name'>, string]>([
    ['without an access option', {}, 'has no option'],
    ['without roles', { roles: [], own: Own.ANY }, 'has no roles'],
    ['with a role that is none', { roles: [RoleNumber.ROLE_UNSPECIFIED] }, 'unknown role'],
    ["with MEMBER but nothing about a member's own", { roles: [MEMBER] }, 'MEMBER'],
    ["with a member's own but no MEMBER", { roles: [ADMIN], own: Own.ANY }, 'MEMBER'],
  ])('%s', (_case, rule, problem) => {
    const method = methodOf(noteService([{ name: 'DoIt', ...rule }]), 'DoIt');
    expect(() => accessOf(method)).toThrow(/^note\.v1\.NoteService\/DoIt can't be served: /);
    expect(() => accessOf(method)).toThrow(problem);
  });
});

describe('a caller is let in', () => {
  test('with one of the roles', () => {
    expect(check({ roles: [ADMIN, SERVICE] }, caller(['service']), {})).toBe(false);
  });

  test('to a program that the token reaches', () => {
    const rule = { roles: [ADMIN] };
    expect(check(rule, caller(['admin'], ['p1']), { programId: 'p1' })).toBe(false);
    expect(check(rule, caller(['admin']), { programId: 'p1' })).toBe(false);
  });

  test('as a member, to what is their own', () => {
    const rule = { roles: [SERVICE, MEMBER], own: Own.REQUEST_USER };
    expect(check(rule, caller(['member']), { userId: 'alice' })).toBe(true);
  });

  test("as a member, where the owner isn't known yet, to be checked later", () => {
    const rule = { roles: [MEMBER], own: Own.LOADED_OWNER };
    expect(check(rule, caller(['member']), { userId: 'bob' })).toBe(true);
  });

  test('to everything with another role, although they are a member too', () => {
    const rule = { roles: [SERVICE, MEMBER], own: Own.REQUEST_USER };
    expect(check(rule, caller(['member', 'service']), { userId: 'bob' })).toBe(false);
  });
});

describe('a caller is kept out', () => {
  test.each<[string, Omit<MethodRule, 'name'>, Caller, Record<string, string>]>([
    ['without any role', { roles: [ADMIN] }, caller([]), {}],
    ['with the wrong role', { roles: [ADMIN] }, caller(['service', 'member']), {}],
    ['of another program', { roles: [ADMIN] }, caller(['admin'], ['p1']), { programId: 'p2' }],
    ['of all programs at once', { roles: [ADMIN] }, caller(['admin'], ['p1']), {}],
    [
      "from another member's things",
      { roles: [MEMBER], own: Own.REQUEST_USER },
      caller(['member']),
      { userId: 'bob' },
    ],
    [
      'from what belongs to nobody',
      { roles: [MEMBER], own: Own.REQUEST_USER },
      caller(['member']),
      {},
    ],
    [
      "from another member's things by a role that the method doesn't have",
      { roles: [MEMBER], own: Own.REQUEST_USER },
      caller(['member', 'admin']),
      { userId: 'bob' },
    ],
  ])('%s', (_case, rule, who, request) => {
    expect(() => check(rule, who, request)).toThrow(denied);
  });
});
