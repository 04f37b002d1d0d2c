-- An instance that said good-bye is kept for a moment: a report that was under way must not bring it back.
ALTER TABLE "instances" ADD COLUMN "bye_at" TIMESTAMPTZ(3);
