/** The size of the definitions in the selected rows, as one row with `bytes`. */
export const definitionBytes = 'coalesce(sum(octet_length(definition::text)), 0)::bigint as bytes';
