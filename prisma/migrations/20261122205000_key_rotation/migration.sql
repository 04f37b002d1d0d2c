-- A key that replaced another says which, and which key its line began with (NULL = itself): what one key of a line made, each may change.
ALTER TABLE "api_keys" ADD COLUMN "line_id" UUID,
    ADD COLUMN "rotated_from" UUID,
    ADD CONSTRAINT "api_keys_rotated_from_fkey" FOREIGN KEY ("rotated_from") REFERENCES "api_keys"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

CREATE UNIQUE INDEX "api_keys_rotated_from_key" ON "api_keys"("rotated_from");

-- Until now who could write could accept risks: keys that were given out go on being able to.
UPDATE "api_keys" SET "scopes" = "scopes" || ARRAY['risks:accept']
WHERE 'origins:write' = ANY("scopes") AND NOT 'risks:accept' = ANY("scopes");
