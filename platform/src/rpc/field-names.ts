/**
 * The header of a gRPC call that requests the JSON names of fields in errors: callers that return JSON
 * clients, such as the gateway, send `json`.
 */
export const fieldNamesHeader = 'x-field-names';

/** Whether a value of the header asks for JSON names. */
export function asksForJsonNames(header: string | undefined): boolean {
  return header === 'json';
}
