/**
 * The header of a gRPC call with which a caller asks for the JSON names of fields in errors: those who answer JSON
 * clients, such as the gateway, send `json`.
 */
export const fieldNamesHeader = 'x-field-names';

/** Whether a value of the header asks for JSON names. */
export function asksForJsonNames(header: string | undefined): boolean {
  return header === 'json';
}
