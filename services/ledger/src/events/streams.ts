/** The subject on which a program's purchases are reported. */
export function earnSubject(programId: string): string {
  return `loyalty.earn.v1.${programId}`;
}
