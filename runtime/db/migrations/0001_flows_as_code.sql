CREATE TABLE "calendar_locks" (
	"workspace_id" text NOT NULL,
	"mode" text NOT NULL,
	"calendar" text NOT NULL,
	CONSTRAINT "calendar_locks_workspace_id_mode_calendar_pk" PRIMARY KEY("workspace_id","mode","calendar")
);
--> statement-breakpoint
CREATE TABLE "messages" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"mode" text NOT NULL,
	"call_id" text,
	"direction" text NOT NULL,
	"channel" text NOT NULL,
	"outcome" text,
	"position" integer,
	"template" text,
	"given" json DEFAULT '{}'::json NOT NULL,
	"from_phone" text,
	"to_phone" text NOT NULL,
	"body" text,
	"content_sid" text,
	"content_variables" json,
	"status" text NOT NULL,
	"why" text,
	"error_code" text,
	"carrier_id" text,
	"send_after" timestamp (3) with time zone,
	"tries" integer DEFAULT 0 NOT NULL,
	"fence" text,
	"asked_at" timestamp (3) with time zone,
	"deadline_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "messages_workspace_id_carrier_id_unique" UNIQUE("workspace_id","carrier_id")
);
--> statement-breakpoint
CREATE TABLE "workspace_secrets" (
	"workspace_id" text NOT NULL,
	"name" text NOT NULL,
	"value" text NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "workspace_secrets_workspace_id_name_pk" PRIMARY KEY("workspace_id","name")
);
--> statement-breakpoint
DROP INDEX "bookings_one_per_slot";--> statement-breakpoint
ALTER TABLE "flow_versions" ALTER COLUMN "definition" SET DATA TYPE json;--> statement-breakpoint
ALTER TABLE "workspaces" ALTER COLUMN "document" SET DATA TYPE json;--> statement-breakpoint
ALTER TABLE "bookings" ADD COLUMN "kind" text DEFAULT 'embedded' NOT NULL;--> statement-breakpoint
ALTER TABLE "bookings" ADD COLUMN "remote_hold" text;--> statement-breakpoint
ALTER TABLE "bookings" ADD COLUMN "remote_id" text;--> statement-breakpoint
ALTER TABLE "bookings" ADD COLUMN "confirmed_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "endpoints" ADD COLUMN "name" text;--> statement-breakpoint
ALTER TABLE "flows" ADD COLUMN "updated_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "workspace_secrets" ADD CONSTRAINT "workspace_secrets_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "messages_once" ON "messages" USING btree ("call_id","outcome","position");--> statement-breakpoint
CREATE INDEX "messages_of_workspace" ON "messages" USING btree ("workspace_id","mode","id");--> statement-breakpoint
CREATE INDEX "messages_of_number" ON "messages" USING btree ("mode","to_phone","created_at");--> statement-breakpoint
CREATE INDEX "bookings_of_calendar" ON "bookings" USING btree ("workspace_id","mode","calendar","ends_at");--> statement-breakpoint
CREATE INDEX "calls_of_workspace" ON "calls" USING btree ("workspace_id","mode","id");