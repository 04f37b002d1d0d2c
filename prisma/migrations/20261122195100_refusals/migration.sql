-- Who was refused for the limit of its key, by name, so that the mark goes when it is taken in after all or leaves.
CREATE TABLE "instance_refusals" (
    "key_id" TEXT COLLATE "C" NOT NULL,
    "instance" TEXT COLLATE "C" NOT NULL,
    "tenant_id" UUID NOT NULL,
    "refused_until" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "instance_refusals_pkey" PRIMARY KEY ("key_id", "instance", "tenant_id"),
    CONSTRAINT "instance_refusals_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE RESTRICT
);

CREATE INDEX "instance_refusals_tenant_id_idx" ON "instance_refusals"("tenant_id");

-- Ten years could be claimed before.
UPDATE "instance_tallies" SET "refused_until" = least("refused_until", clock_timestamp() + interval '30 days')
WHERE "refused_until" IS NOT NULL;
