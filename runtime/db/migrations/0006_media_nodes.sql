ALTER TABLE "attempts" ADD COLUMN "media_node" text;--> statement-breakpoint
ALTER TABLE "media_nodes" ADD COLUMN "draining" boolean DEFAULT false NOT NULL;