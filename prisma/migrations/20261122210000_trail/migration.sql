-- The trail is read by time, in both tables, and each filter by an index in that order.
CREATE INDEX "changes_at_id_idx" ON "changes"("at", "id");

CREATE INDEX "changes_actor_at_id_idx" ON "changes"("actor", "at", "id");

CREATE INDEX "changes_action_at_id_idx" ON "changes"("action", "at", "id");

CREATE INDEX "changes_request_id_idx" ON "changes"("request_id");

DROP INDEX "changes_tenant_id_id_idx";

-- Whose the event is: the tenants of the key it is about. NULL = not of any tenants, so only who may see all is shown it.
ALTER TABLE "events" ADD COLUMN "tenants" UUID[];

CREATE INDEX "events_at_id_idx" ON "events"("at", "id");

CREATE INDEX "events_actor_at_id_idx" ON "events"("actor", "at", "id");

CREATE INDEX "events_action_at_id_idx" ON "events"("action", "at", "id");

CREATE INDEX "events_request_id_idx" ON "events"("request_id");

-- Most events of tenants are of one. Those of several are few, and gone through.
CREATE INDEX "events_tenant_at_id_idx" ON "events"(("tenants"[1]), "at", "id") WHERE cardinality("tenants") = 1;

CREATE INDEX "events_shared_at_id_idx" ON "events"("at", "id") WHERE cardinality("tenants") > 1;

-- Which changes are about an entry, by its id and by its patterns, or about a policy. Told by changes.ops, and read instead of it:
-- an index over the JSON could not give the newest first. '' = a change of more than 1,000 operations, which are looked into.
CREATE TABLE "change_subjects" (
    "tenant_id" UUID NOT NULL,
    "subject" TEXT COLLATE "C" NOT NULL,
    "revision" INTEGER NOT NULL,

    CONSTRAINT "change_subjects_pkey" PRIMARY KEY ("tenant_id", "subject", "revision")
);

INSERT INTO "change_subjects" ("tenant_id", "subject", "revision")
SELECT DISTINCT c.tenant_id, s.subject, c.revision
FROM "changes" c, jsonb_to_recordset(c.ops) AS o(subject text, before jsonb, after jsonb), LATERAL (
    SELECT coalesce(o.after, o.before) ->> 'id' WHERE o.subject = 'entry'
    UNION ALL SELECT o.before ->> 'pattern' WHERE o.subject = 'entry' AND o.before IS NOT NULL
    UNION ALL SELECT o.after ->> 'pattern' WHERE o.subject = 'entry' AND o.after IS NOT NULL
    UNION ALL SELECT 'policy:' || (coalesce(o.after, o.before) ->> 'name') WHERE o.subject = 'policy'
) AS s(subject)
WHERE c.op_count <= 1000
UNION ALL SELECT c.tenant_id, '', c.revision FROM "changes" c WHERE c.op_count > 1000;

CREATE TRIGGER "change_subjects_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "change_subjects"
    FOR EACH STATEMENT EXECUTE FUNCTION "refuse_rewrite"();
ALTER TABLE "change_subjects" ENABLE ALWAYS TRIGGER "change_subjects_append_only";
