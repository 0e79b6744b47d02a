/**
 * The URL of the same database, whose sessions begin in another role: what they may do is then what that role may do,
 * whoever logged in. The login must be a member of the role; PostgreSQL refuses the connection otherwise.
 */
export function withRole(url: string, role: string): string {
  const result = new URL(url);
  const options = [result.searchParams.get('options'), `-c role=${role}`];
  result.searchParams.set('options', options.filter((option) => option !== null).join(' '));
  return result.href;
}
