-- What the nodes of this database sign their messages to one another with. Whoever can write to Redis cannot read it.
CREATE TABLE "node_secret" (
    "id" BOOLEAN NOT NULL DEFAULT true,
    "secret" BYTEA NOT NULL,

    CONSTRAINT "node_secret_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "node_secret_id_check" CHECK ("id")
);

-- 244 random bits: gen_random_uuid() is the strong source that PostgreSQL has without an extension.
INSERT INTO "node_secret" ("secret")
VALUES (sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')));
