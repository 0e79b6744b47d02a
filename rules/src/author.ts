/** Who made a change, and in which call. */
export interface Author {
  /** Role and token subject, such as `admin:jane`; `member`, without the id, for a member's own changes of an account. */
  readonly actor: string;
  readonly requestId: string;
}
