-- The one of an earlier 0003, if this database ran it.
ALTER TABLE "spans" DROP COLUMN IF EXISTS "position";--> statement-breakpoint
ALTER TABLE "spans" ADD COLUMN "position" bigint DEFAULT 0 NOT NULL;
