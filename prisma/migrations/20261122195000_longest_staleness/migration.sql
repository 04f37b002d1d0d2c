-- The longest that any instance of a tenant said it would go on without us, and since when any told. Kept when the instance goes:
-- one like it may be cut off and unknown. Not filled in here: the next heartbeats do, and until then 24 h are taken.
ALTER TABLE "instance_tallies" ADD COLUMN "longest_staleness_ms" BIGINT,
    ADD COLUMN "first_report_at" TIMESTAMPTZ(3);
