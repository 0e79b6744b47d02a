-- The lines of one kind among a member's tens of thousands. Without the earns, which are most of them and would pay for
-- it with each purchase. Nobody writes entries while it is built. Where there are very many already, make it by hand
-- beforehand, with CREATE INDEX CONCURRENTLY.
CREATE INDEX IF NOT EXISTS entries_by_kind ON entries (membership_id, kind, sequence) WHERE kind <> 'EARN';
