/** What a caller may be; the names are those of the token's claim `roles`. */
export type Role = 'admin' | 'service' | 'member';

/** Who calls, as their verified token says. */
export interface Caller {
  /** The token's `sub`. */
  readonly subject: string;
  /** Roles of the claim `roles` that this platform knows; others are ignored. */
  readonly roles: ReadonlySet<Role>;
  /** The only programs that the token reaches; undefined means all. */
  readonly programs: ReadonlySet<string> | undefined;
  /** The token itself, to be passed on in calls on behalf of the caller. */
  readonly token: string;
}

export interface TokenVerifier {
  /** Who the token stands for. Throws Unauthenticated when it can't be trusted. */
  verify(token: string): Promise<Caller>;
}
