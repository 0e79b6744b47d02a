import { applicationRole } from '../storage/application-role.ts';
import type { SqlInvariant } from './invariant.ts';

/** I9: what the service can't do, whatever it tries. */
export const privilegeInvariants: readonly SqlInvariant[] = [
  {
    id: 'I9',
    name: 'immutable journal',
    meaning: `The role ${applicationRole}, which the service works in, can neither change nor remove entries and allocations.`,
    sql: `WITH role AS (SELECT oid FROM pg_roles WHERE rolname = '${applicationRole}'),
        journal (name) AS (VALUES ('entries'), ('allocations'))
      SELECT 'there is no role ${applicationRole}' AS offender WHERE NOT EXISTS (SELECT FROM role)
      UNION ALL
      SELECT format('${applicationRole} has %s on %s', privilege, name)
      FROM role CROSS JOIN journal CROSS JOIN (VALUES ('UPDATE'), ('DELETE'), ('TRUNCATE')) AS p (privilege)
      WHERE has_table_privilege(role.oid, name, privilege)
        OR (privilege = 'UPDATE' AND has_any_column_privilege(role.oid, name, privilege))
      UNION ALL
      SELECT format('${applicationRole} can become %s, who owns %s', relowner::regrole, name)
      FROM role CROSS JOIN journal JOIN pg_class ON pg_class.oid = name::regclass
      WHERE pg_has_role(role.oid, relowner, 'MEMBER')`,
  },
];
