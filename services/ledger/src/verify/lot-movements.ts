/**
 * A subquery of every gain and loss of every lot, by the entry that brought it. An earn has no allocations: its row
 * names the lot that its entry gave to.
 */
export const lotMovements = `(
  SELECT membership_id, sequence, available_at, expires_at, class, points FROM allocations
  UNION ALL
  SELECT membership_id, sequence, available_at, expires_at, lot_class, entries.available + entries.pending
  FROM entries JOIN earns USING (membership_id, sequence)
  WHERE entries.kind = 'EARN'
)`;
