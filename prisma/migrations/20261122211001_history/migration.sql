-- The rows as they were: what a tenant had at any revision is found here, not by going through its changes. Written in the
-- transaction that changes the row, from the row itself, and equal to what the changes say: the tests replay them. No foreign key
-- to tenants, of which none is ever deleted: checking it would cost a replaced list of 100,000 entries a second.

-- The number in since .. until - 1 that is divisible by the highest power of two: the node of the tree of all revisions at
-- which the span hangs (Kriegel, Poetke and Seidl, "Managing Intervals Efficiently in Object-Relational Databases", 2000). A
-- revision lies only in spans that hang on its own 31 ancestors, so that an ordinary index finds them however long the past is.
CREATE FUNCTION "version_fork"("since" integer, "until" integer) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS '
    SELECT (("until" - 1) >> (32 - position(B''1'' IN (("since" - 1) # ("until" - 1))::bit(32))))
        << (32 - position(B''1'' IN (("since" - 1) # ("until" - 1))::bit(32)))';

-- An entry from `revision` on and before `until_revision`, which changed or deleted it.
CREATE TABLE "entry_versions" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "pattern" TEXT COLLATE "C" NOT NULL,
    "kind" "pattern_kind" NOT NULL,
    "any_port" BOOLEAN NOT NULL,
    "enabled" BOOLEAN NOT NULL,
    "expires_at" TIMESTAMPTZ(3),
    "ref" TEXT,
    "note" TEXT,
    "labels" TEXT[] NOT NULL,
    "policies" TEXT[] NOT NULL,
    "accepted_risks" JSONB NOT NULL,
    "revision" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "created_by" TEXT NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_by" TEXT NOT NULL,
    "until_revision" INTEGER NOT NULL,
    "fork" INTEGER NOT NULL,

    CONSTRAINT "entry_versions_pkey" PRIMARY KEY ("tenant_id", "id", "until_revision"),
    CONSTRAINT "entry_versions_fork_check" CHECK ("revision" < "until_revision" AND "fork" >= "revision" AND "fork" < "until_revision")
);

CREATE INDEX "entry_versions_fork_idx" ON "entry_versions"("tenant_id", "fork", "until_revision", "revision");

-- The same of policies.
CREATE TABLE "policy_versions" (
    "tenant_id" UUID NOT NULL,
    "name" TEXT COLLATE "C" NOT NULL,
    "paths" TEXT[] NOT NULL,
    "credentials" BOOLEAN NOT NULL,
    "methods" TEXT[] NOT NULL,
    "allowed_headers" TEXT[] NOT NULL,
    "exposed_headers" TEXT[] NOT NULL,
    "max_age_seconds" INTEGER,
    "private_network" BOOLEAN NOT NULL,
    "always_send" BOOLEAN NOT NULL,
    "enforcement" "enforcement" NOT NULL,
    "revision" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "until_revision" INTEGER NOT NULL,
    "fork" INTEGER NOT NULL,

    CONSTRAINT "policy_versions_pkey" PRIMARY KEY ("tenant_id", "name", "until_revision"),
    CONSTRAINT "policy_versions_fork_check" CHECK ("revision" < "until_revision" AND "fork" >= "revision" AND "fork" < "until_revision")
);

CREATE INDEX "policy_versions_fork_idx" ON "policy_versions"("tenant_id", "fork", "until_revision", "revision");

-- What a tenant was called before a revision. Its spans follow on one another: the first that ends later is the one.
CREATE TABLE "tenant_versions" (
    "tenant_id" UUID NOT NULL,
    "until_revision" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "environment" "environment" NOT NULL,

    CONSTRAINT "tenant_versions_pkey" PRIMARY KEY ("tenant_id", "until_revision")
);

-- Which revision there was at an instant.
CREATE INDEX "changes_tenant_id_at_revision_idx" ON "changes"("tenant_id", "at", "revision");

-- What was before this migration, out of the trail. Kind and port follow from the pattern. A row that was deleted and is back has
-- another life, which began when it came back.
INSERT INTO "entry_versions" ("tenant_id", "id", "pattern", "kind", "any_port", "enabled", "expires_at", "ref", "note", "labels",
    "policies", "accepted_risks", "revision", "created_at", "created_by", "updated_at", "updated_by", "until_revision", "fork")
SELECT s.tenant_id, a.id, a.pattern,
    (CASE WHEN a.pattern = '*' THEN 'any' WHEN a.pattern = 'null' THEN 'null' WHEN a.pattern LIKE '%://*.%' THEN 'subdomains'
        WHEN regexp_replace(a.pattern, ':\*$', '') LIKE '%*%' THEN 'affix' ELSE 'exact' END)::"pattern_kind",
    a.pattern LIKE '%:*', a.enabled, a."expiresAt", a.ref, a.note, a.labels, a.policies, a."acceptedRisks",
    s.revision, s.created_at, s.created_by, s.at, s.actor, s.until_revision, "version_fork"(s.revision, s.until_revision)
FROM (
    SELECT l.*, first_value(l.at) OVER w AS created_at, first_value(l.actor) OVER w AS created_by
    FROM (
        SELECT c.tenant_id, c.revision, c.at, c.actor, o.after, coalesce(o.after, o.before) ->> 'id' AS id,
            lead(c.revision) OVER w AS until_revision, count(*) FILTER (WHERE o.before IS NULL) OVER w AS life
        FROM "changes" c, jsonb_to_recordset(c.ops) AS o(subject text, before jsonb, after jsonb)
        WHERE o.subject = 'entry'
        WINDOW w AS (PARTITION BY c.tenant_id, coalesce(o.after, o.before) ->> 'id' ORDER BY c.revision)
    ) l
    WINDOW w AS (PARTITION BY l.tenant_id, l.id, l.life ORDER BY l.revision)
) s, jsonb_to_record(s.after) AS a(id uuid, pattern text, enabled boolean, "expiresAt" timestamptz, ref text, note text,
    labels text[], policies text[], "acceptedRisks" jsonb)
WHERE s.after IS NOT NULL AND s.until_revision IS NOT NULL;

INSERT INTO "policy_versions" ("tenant_id", "name", "paths", "credentials", "methods", "allowed_headers", "exposed_headers",
    "max_age_seconds", "private_network", "always_send", "enforcement", "revision", "created_at", "updated_at", "until_revision", "fork")
SELECT s.tenant_id, a.name, a.paths, a.credentials, a.methods, a."allowedHeaders", a."exposedHeaders", a."maxAgeSeconds",
    a."privateNetwork", a."alwaysSend", a.enforcement, s.revision, s.created_at, s.at, s.until_revision,
    "version_fork"(s.revision, s.until_revision)
FROM (
    SELECT l.*, first_value(l.at) OVER w AS created_at
    FROM (
        SELECT c.tenant_id, c.revision, c.at, o.after, coalesce(o.after, o.before) ->> 'name' AS name,
            lead(c.revision) OVER w AS until_revision, count(*) FILTER (WHERE o.before IS NULL) OVER w AS life
        FROM "changes" c, jsonb_to_recordset(c.ops) AS o(subject text, before jsonb, after jsonb)
        WHERE o.subject = 'policy'
        WINDOW w AS (PARTITION BY c.tenant_id, coalesce(o.after, o.before) ->> 'name' ORDER BY c.revision)
    ) l
    WINDOW w AS (PARTITION BY l.tenant_id, l.name, l.life ORDER BY l.revision)
) s, jsonb_to_record(s.after) AS a(name text, paths text[], credentials boolean, methods text[], "allowedHeaders" text[],
    "exposedHeaders" text[], "maxAgeSeconds" integer, "privateNetwork" boolean, "alwaysSend" boolean, enforcement "enforcement")
WHERE s.after IS NOT NULL AND s.until_revision IS NOT NULL;

INSERT INTO "tenant_versions" ("tenant_id", "until_revision", "name", "environment")
SELECT c.tenant_id, c.revision, b.name, b.environment
FROM "changes" c, jsonb_to_recordset(c.ops) AS o(subject text, before jsonb, after jsonb),
    jsonb_to_record(o.before) AS b(name text, environment "environment")
WHERE o.subject = 'tenant' AND o.before IS NOT NULL AND o.after IS NOT NULL;

-- A version is never changed, as the trail is not.
CREATE TRIGGER "entry_versions_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "entry_versions"
    FOR EACH STATEMENT EXECUTE FUNCTION "refuse_rewrite"();
ALTER TABLE "entry_versions" ENABLE ALWAYS TRIGGER "entry_versions_append_only";

CREATE TRIGGER "policy_versions_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "policy_versions"
    FOR EACH STATEMENT EXECUTE FUNCTION "refuse_rewrite"();
ALTER TABLE "policy_versions" ENABLE ALWAYS TRIGGER "policy_versions_append_only";

CREATE TRIGGER "tenant_versions_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "tenant_versions"
    FOR EACH STATEMENT EXECUTE FUNCTION "refuse_rewrite"();
ALTER TABLE "tenant_versions" ENABLE ALWAYS TRIGGER "tenant_versions_append_only";
