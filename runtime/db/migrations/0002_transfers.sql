CREATE TABLE "transfers" (
	"id" text PRIMARY KEY NOT NULL,
	"call_id" text NOT NULL,
	"attempt_id" text NOT NULL,
	"workspace_id" text NOT NULL,
	"mode" text NOT NULL,
	"queue" text NOT NULL,
	"targets" jsonb NOT NULL,
	"ring_seconds" integer NOT NULL,
	"state" jsonb NOT NULL,
	"room" text NOT NULL,
	"from_phone" text NOT NULL,
	"lead_carrier_id" text NOT NULL,
	"language" text NOT NULL,
	"span_id" text NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL,
	"ended_at" timestamp (3) with time zone
);
--> statement-breakpoint
ALTER TABLE "transfers" ADD CONSTRAINT "transfers_call_id_calls_id_fk" FOREIGN KEY ("call_id") REFERENCES "public"."calls"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "transfers_of_attempt" ON "transfers" USING btree ("attempt_id");--> statement-breakpoint
CREATE INDEX "transfers_open" ON "transfers" USING btree ("ended_at","started_at");