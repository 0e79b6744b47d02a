import { applicationRole } from '../storage/application-role.ts';
import type { SqlInvariant } from './invariant.ts';

/** I9: what the service can't do, whatever it tries. */
export const privilegeInvariants: readonly SqlInvariant[] = [
  {
    id: 'I9',
    name: 'immutable journal',
    meaning: `The role ${applicationRole}, which the service uses, can neither change nor remove entries and allocations.`,
    sql: `WITH role AS (SELECT oid FROM pg_roles WHERE rolname = '${applicationRole}'),
        journal (name, owner) AS (
          SELECT oid::regclass, relowner FROM pg_class WHERE oid IN ('entries'::regclass, 'allocations'::regclass)
        ),
        -- Also the roles that it can SET ROLE to without inheriting from them.
        become AS (
          SELECT pg_roles.oid, CASE
            WHEN pg_roles.oid = role.oid THEN '${applicationRole}'
            ELSE format('${applicationRole} can become %s, who', pg_roles.rolname)
          END AS who
          FROM role JOIN pg_roles ON pg_has_role(role.oid, pg_roles.oid, 'MEMBER')
        )
      SELECT 'there is no role ${applicationRole}' AS offender WHERE NOT EXISTS (SELECT FROM role)
      UNION ALL
      SELECT format('%s has %s on %s', who, privilege, name)
      FROM become CROSS JOIN journal CROSS JOIN (VALUES ('UPDATE'), ('DELETE'), ('TRUNCATE')) AS p (privilege)
      WHERE oid <> owner AND (
        has_table_privilege(oid, name, privilege)
        OR (privilege = 'UPDATE' AND has_any_column_privilege(oid, name, privilege))
      )
      UNION ALL
      SELECT format('%s owns %s', who, name)
      FROM become JOIN journal ON owner = oid`,
  },
];
