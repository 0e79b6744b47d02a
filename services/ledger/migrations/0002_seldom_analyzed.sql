-- To analyze one of these takes 30,000 rows, half a second of CPU time, and came every minute as long as a minute's purchases
-- were 2 % of all: 3 µs for each of 3,400 a second, beside the 50 µs that the purchase itself takes. No plan of the service
-- needs it, and a purchase is much like those before it; how many there are PostgreSQL sees by the size of the file.
ALTER TABLE earns SET (autovacuum_analyze_scale_factor = 0.5);
ALTER TABLE entries SET (autovacuum_analyze_scale_factor = 0.5);
ALTER TABLE allocations SET (autovacuum_analyze_scale_factor = 0.5);
