-- Text that is compared, sorted or paged by is COLLATE "C": the same order in every database and in JavaScript, and no
-- index to rebuild when the operating system's collation changes.

CREATE TYPE "environment" AS ENUM ('production', 'staging', 'development');

CREATE TYPE "pattern_kind" AS ENUM ('exact', 'subdomains', 'affix', 'any', 'null');

CREATE TYPE "enforcement" AS ENUM ('report', 'headers', 'block');

CREATE TABLE "tenants" (
    "id" UUID NOT NULL,
    "lineage" UUID NOT NULL,
    "slug" TEXT COLLATE "C" NOT NULL,
    "name" TEXT NOT NULL,
    "environment" "environment" NOT NULL DEFAULT 'production',
    "revision" INTEGER NOT NULL,
    "head_hash" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "deleted_at" TIMESTAMPTZ(3),

    CONSTRAINT "tenants_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "tenants_slug_check" CHECK ("slug" ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
    CONSTRAINT "tenants_revision_check" CHECK ("revision" >= 1),
    CONSTRAINT "tenants_head_hash_check" CHECK ("head_hash" ~ '^[0-9a-f]{64}$')
);

CREATE UNIQUE INDEX "tenants_lineage_key" ON "tenants"("lineage");

-- A deleted tenant keeps its row and its trail, and its slug is free again.
CREATE UNIQUE INDEX "tenants_slug_live_key" ON "tenants"("slug") WHERE "deleted_at" IS NULL;

CREATE TABLE "entries" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
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

    CONSTRAINT "entries_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "entries_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT "entries_pattern_check" CHECK (("pattern" = '*') = ("kind" = 'any') AND ("pattern" = 'null') = ("kind" = 'null')),
    CONSTRAINT "entries_accepted_risks_check" CHECK (jsonb_typeof("accepted_risks") = 'array'),
    CONSTRAINT "entries_revision_check" CHECK ("revision" >= 1)
);

CREATE UNIQUE INDEX "entries_tenant_id_pattern_key" ON "entries"("tenant_id", "pattern");

-- Most entries have no ref and do not expire: writing 100,000 of them pays for neither index.
CREATE INDEX "entries_tenant_id_ref_idx" ON "entries"("tenant_id", "ref") WHERE "ref" IS NOT NULL;

CREATE INDEX "entries_expires_at_idx" ON "entries"("expires_at") WHERE "expires_at" IS NOT NULL;

CREATE INDEX "entries_labels_idx" ON "entries" USING GIN ("labels");

CREATE TABLE "policies" (
    "id" UUID NOT NULL,
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

    CONSTRAINT "policies_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "policies_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT "policies_name_check" CHECK ("name" ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
    CONSTRAINT "policies_max_age_seconds_check" CHECK ("max_age_seconds" BETWEEN 0 AND 86400),
    CONSTRAINT "policies_revision_check" CHECK ("revision" >= 1)
);

CREATE UNIQUE INDEX "policies_tenant_id_name_key" ON "policies"("tenant_id", "name");

CREATE TABLE "changes" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "tenant_id" UUID NOT NULL,
    "lineage" UUID NOT NULL,
    "revision" INTEGER NOT NULL,
    "actor" TEXT NOT NULL,
    "request_id" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "ops" JSONB NOT NULL,
    "op_count" INTEGER NOT NULL,
    "prev_hash" TEXT,
    "hash" TEXT NOT NULL,

    CONSTRAINT "changes_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "changes_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT "changes_ops_check" CHECK (jsonb_array_length("ops") = "op_count" AND "op_count" > 0),
    CONSTRAINT "changes_revision_check" CHECK ("revision" >= 1),
    CONSTRAINT "changes_prev_hash_check" CHECK (("revision" = 1) = ("prev_hash" IS NULL) AND "prev_hash" ~ '^[0-9a-f]{64}$'),
    CONSTRAINT "changes_hash_check" CHECK ("hash" ~ '^[0-9a-f]{64}$')
);

CREATE UNIQUE INDEX "changes_tenant_id_revision_key" ON "changes"("tenant_id", "revision");

CREATE INDEX "changes_tenant_id_id_idx" ON "changes"("tenant_id", "id");

CREATE TABLE "events" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "actor" TEXT NOT NULL,
    "request_id" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "detail" JSONB NOT NULL,

    CONSTRAINT "events_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "api_keys" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "prefix" TEXT NOT NULL,
    "scopes" TEXT[] NOT NULL,
    "tenants" UUID[],
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "created_by" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_keys_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "api_keys_hash_check" CHECK ("hash" ~ '^[0-9a-f]{64}$')
);

CREATE UNIQUE INDEX "api_keys_hash_key" ON "api_keys"("hash");

CREATE INDEX "api_keys_created_at_id_idx" ON "api_keys"("created_at", "id");

CREATE INDEX "api_keys_revoked_at_idx" ON "api_keys"("revoked_at");

-- The trail is append-only. One trigger per statement refuses even an UPDATE that would match no row, and ENABLE ALWAYS
-- keeps it on under session_replication_role = replica. The body writes its semicolons as \x3b, and no comment here has one,
-- because Prisma's JavaScript adapter cuts a script at every semicolon.
CREATE FUNCTION "refuse_rewrite"() RETURNS trigger LANGUAGE plpgsql AS E'
BEGIN
    RAISE EXCEPTION ''% is append-only: % refused'', TG_TABLE_NAME, TG_OP USING ERRCODE = ''insufficient_privilege''\x3b
END';

CREATE TRIGGER "changes_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "changes"
    FOR EACH STATEMENT EXECUTE FUNCTION "refuse_rewrite"();
ALTER TABLE "changes" ENABLE ALWAYS TRIGGER "changes_append_only";

CREATE TRIGGER "events_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "events"
    FOR EACH STATEMENT EXECUTE FUNCTION "refuse_rewrite"();
ALTER TABLE "events" ENABLE ALWAYS TRIGGER "events_append_only";
