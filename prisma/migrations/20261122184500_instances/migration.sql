-- Who decides by which version. In this database and not in Redis, so that a receipt outlives a flushed cache and a restarted
-- node. Every instant is this database's clock_timestamp(): one clock for all nodes.

-- When the registry began to be kept: before that, nobody was written down.
CREATE TABLE "instance_registry" (
    "id" BOOLEAN NOT NULL DEFAULT true,
    "born_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "instance_registry_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "instance_registry_id_check" CHECK ("id")
);

INSERT INTO "instance_registry" ("born_at") VALUES (clock_timestamp());

-- No index on last_seen_at: a heartbeat is then an update in place.
CREATE TABLE "instances" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "key_id" TEXT COLLATE "C" NOT NULL,
    "instance" TEXT COLLATE "C" NOT NULL,
    "service" TEXT,
    "sdk" TEXT,
    "transport" TEXT NOT NULL,
    "on_stale" TEXT NOT NULL,
    "max_staleness_ms" BIGINT NOT NULL,
    "first_seen_at" TIMESTAMPTZ(3) NOT NULL,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "instances_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "instances_transport_check" CHECK ("transport" IN ('stream', 'poll')),
    CONSTRAINT "instances_on_stale_check" CHECK ("on_stale" IN ('serve', 'refuse')),
    CONSTRAINT "instances_max_staleness_ms_check" CHECK ("max_staleness_ms" >= 0)
);

-- An id is the word of who holds the key, so it names an instance within that key only.
CREATE UNIQUE INDEX "instances_key_id_instance_key" ON "instances"("key_id", "instance");

-- No lineage and no revision: the instance follows the tenant and holds nothing of it yet.
CREATE TABLE "instance_versions" (
    "tenant_id" UUID NOT NULL,
    "instance_id" UUID NOT NULL,
    "lineage" UUID,
    "revision" INTEGER,
    "applied_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "instance_versions_pkey" PRIMARY KEY ("tenant_id", "instance_id"),
    CONSTRAINT "instance_versions_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT "instance_versions_instance_id_fkey" FOREIGN KEY ("instance_id") REFERENCES "instances"("id") ON DELETE CASCADE ON UPDATE RESTRICT,
    CONSTRAINT "instance_versions_version_check" CHECK (("lineage" IS NULL) = ("revision" IS NULL))
);

CREATE INDEX "instance_versions_instance_id_idx" ON "instance_versions"("instance_id");

-- How many rows of instance_versions a tenant ought to have, counted apart from them: rows that are lost are noticed.
CREATE TABLE "instance_tallies" (
    "tenant_id" UUID NOT NULL,
    "registered" BIGINT NOT NULL,
    "forgotten" BIGINT NOT NULL,
    "lost_at" TIMESTAMPTZ(3),
    "refused_until" TIMESTAMPTZ(3),

    CONSTRAINT "instance_tallies_pkey" PRIMARY KEY ("tenant_id"),
    CONSTRAINT "instance_tallies_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE RESTRICT
);

-- Until when somebody decided by a version: what a browser was told by then is what it may have kept. One row a version and
-- not one an instance, and gone after a day, which is the longest that a browser keeps it.
CREATE TABLE "version_departures" (
    "tenant_id" UUID NOT NULL,
    "lineage" UUID NOT NULL,
    "revision" INTEGER NOT NULL,
    "left_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "version_departures_pkey" PRIMARY KEY ("tenant_id", "lineage", "revision"),
    CONSTRAINT "version_departures_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE RESTRICT
);
