CREATE TABLE "api_keys" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"mode" text NOT NULL,
	"hash" text NOT NULL,
	"hint" text NOT NULL,
	"scopes" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"revoked_at" timestamp (3) with time zone,
	CONSTRAINT "api_keys_hash_unique" UNIQUE("hash")
);
--> statement-breakpoint
CREATE TABLE "attempts" (
	"id" text PRIMARY KEY NOT NULL,
	"call_id" text NOT NULL,
	"workspace_id" text NOT NULL,
	"mode" text NOT NULL,
	"attempt" integer NOT NULL,
	"phone" text NOT NULL,
	"from_phone" text NOT NULL,
	"lock_key" text,
	"fence" text NOT NULL,
	"media_url" text NOT NULL,
	"stream_token_hash" text NOT NULL,
	"stream_token_used_at" timestamp (3) with time zone,
	"carrier_id" text,
	"asked_at" timestamp (3) with time zone NOT NULL,
	"deadline_at" timestamp (3) with time zone NOT NULL,
	"answered_at" timestamp (3) with time zone,
	"ended_at" timestamp (3) with time zone,
	"result" text,
	"answered_by" text,
	"error_code" text,
	"media_ended_at" timestamp (3) with time zone,
	"ended_by" text,
	"span_id" text NOT NULL,
	CONSTRAINT "attempts_carrier_id_unique" UNIQUE("carrier_id"),
	CONSTRAINT "attempts_call_id_attempt_unique" UNIQUE("call_id","attempt")
);
--> statement-breakpoint
CREATE TABLE "bookings" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"mode" text NOT NULL,
	"calendar" text NOT NULL,
	"call_id" text NOT NULL,
	"slot_at" timestamp (3) with time zone NOT NULL,
	"ends_at" timestamp (3) with time zone NOT NULL,
	"status" text NOT NULL,
	"expires_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "calls" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"mode" text NOT NULL,
	"lead_id" text NOT NULL,
	"flow_id" text NOT NULL,
	"flow_version" integer NOT NULL,
	"phone" text NOT NULL,
	"open_phone" text,
	"status" text NOT NULL,
	"not_before" timestamp (3) with time zone,
	"reason" text,
	"attempts_made" integer DEFAULT 0 NOT NULL,
	"priority" integer DEFAULT 0 NOT NULL,
	"outcome" text,
	"answers" json DEFAULT '{}'::json NOT NULL,
	"booking" json,
	"findings" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"recorded" boolean DEFAULT false NOT NULL,
	"clock_origin" timestamp (3) with time zone NOT NULL,
	"clock_rate" double precision DEFAULT 1 NOT NULL,
	"pace" double precision DEFAULT 1 NOT NULL,
	"trace_id" text NOT NULL,
	"root_span_id" text NOT NULL,
	"first_dial_at" timestamp (3) with time zone,
	"answered_at" timestamp (3) with time zone,
	"outcome_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "deliveries" (
	"id" text PRIMARY KEY NOT NULL,
	"event_id" text NOT NULL,
	"endpoint_id" text NOT NULL,
	"status" text NOT NULL,
	"tries" integer DEFAULT 0 NOT NULL,
	"last_status" integer,
	"last_error" text,
	"next_try_at" timestamp (3) with time zone,
	"delivered_at" timestamp (3) with time zone,
	CONSTRAINT "deliveries_event_id_endpoint_id_unique" UNIQUE("event_id","endpoint_id")
);
--> statement-breakpoint
CREATE TABLE "deployment_secrets" (
	"name" text PRIMARY KEY NOT NULL,
	"value" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "dial_turns" (
	"account" text PRIMARY KEY NOT NULL,
	"next_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "endpoints" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"url" text NOT NULL,
	"events" jsonb NOT NULL,
	"secret" text NOT NULL,
	"old_secret" text,
	"old_secret_expires_at" timestamp (3) with time zone,
	"failing_since" timestamp (3) with time zone,
	"disabled_at" timestamp (3) with time zone,
	"disabled_reason" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "endpoints_workspace_id_url_unique" UNIQUE("workspace_id","url")
);
--> statement-breakpoint
CREATE TABLE "events" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"mode" text NOT NULL,
	"call_id" text NOT NULL,
	"type" text NOT NULL,
	"payload" json NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "flow_versions" (
	"workspace_id" text NOT NULL,
	"flow_id" text NOT NULL,
	"version" integer NOT NULL,
	"hash" text NOT NULL,
	"yaml" text NOT NULL,
	"definition" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "flow_versions_workspace_id_flow_id_version_pk" PRIMARY KEY("workspace_id","flow_id","version"),
	CONSTRAINT "flow_versions_workspace_id_flow_id_hash_unique" UNIQUE("workspace_id","flow_id","hash")
);
--> statement-breakpoint
CREATE TABLE "flows" (
	"workspace_id" text NOT NULL,
	"id" text NOT NULL,
	"version" integer NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "flows_workspace_id_id_pk" PRIMARY KEY("workspace_id","id")
);
--> statement-breakpoint
CREATE TABLE "handoff_queues" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"name" text NOT NULL,
	"settings" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "handoff_queues_workspace_id_name_unique" UNIQUE("workspace_id","name")
);
--> statement-breakpoint
CREATE TABLE "history" (
	"seq" bigserial PRIMARY KEY NOT NULL,
	"call_id" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"event" text NOT NULL,
	"from_status" text NOT NULL,
	"to_status" text NOT NULL,
	"detail" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "idempotency" (
	"workspace_id" text NOT NULL,
	"mode" text NOT NULL,
	"operation" text NOT NULL,
	"key" text NOT NULL,
	"fingerprint" text NOT NULL,
	"status" integer,
	"body" json,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "idempotency_workspace_id_mode_operation_key_pk" PRIMARY KEY("workspace_id","mode","operation","key")
);
--> statement-breakpoint
CREATE TABLE "leads" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"mode" text NOT NULL,
	"list_id" text,
	"phone" text NOT NULL,
	"country" text,
	"subdivision" text,
	"zones" jsonb NOT NULL,
	"source" text NOT NULL,
	"campaign" text,
	"intent" text,
	"language" text,
	"name" text,
	"email" text,
	"consent" jsonb NOT NULL,
	"call_within_seconds" integer,
	"not_before" timestamp (3) with time zone,
	"external_id" text,
	"metadata" jsonb NOT NULL,
	"received_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "lists" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"mode" text NOT NULL,
	"accepted" integer NOT NULL,
	"rejected" integer NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "media_nodes" (
	"id" text PRIMARY KEY NOT NULL,
	"url" text NOT NULL,
	"heartbeat_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "numbers" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"phone" text NOT NULL,
	"label" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "numbers_workspace_id_phone_unique" UNIQUE("workspace_id","phone")
);
--> statement-breakpoint
CREATE TABLE "opt_outs" (
	"workspace_id" text NOT NULL,
	"mode" text NOT NULL,
	"phone" text NOT NULL,
	"source" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "opt_outs_workspace_id_mode_phone_pk" PRIMARY KEY("workspace_id","mode","phone")
);
--> statement-breakpoint
CREATE TABLE "spans" (
	"trace_id" text NOT NULL,
	"span_id" text NOT NULL,
	"parent_span_id" text,
	"name" text NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL,
	"ended_at" timestamp (3) with time zone NOT NULL,
	"status" text NOT NULL,
	"attributes" jsonb NOT NULL,
	CONSTRAINT "spans_trace_id_span_id_pk" PRIMARY KEY("trace_id","span_id")
);
--> statement-breakpoint
CREATE TABLE "turns" (
	"call_id" text NOT NULL,
	"attempt" integer NOT NULL,
	"seq" integer NOT NULL,
	"role" text NOT NULL,
	"at_ms" integer NOT NULL,
	"text" text NOT NULL,
	"interrupted" boolean NOT NULL,
	CONSTRAINT "turns_call_id_attempt_seq_pk" PRIMARY KEY("call_id","attempt","seq")
);
--> statement-breakpoint
CREATE TABLE "workspaces" (
	"id" text PRIMARY KEY NOT NULL,
	"document" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "attempts" ADD CONSTRAINT "attempts_call_id_calls_id_fk" FOREIGN KEY ("call_id") REFERENCES "public"."calls"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "calls" ADD CONSTRAINT "calls_lead_id_leads_id_fk" FOREIGN KEY ("lead_id") REFERENCES "public"."leads"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_event_id_events_id_fk" FOREIGN KEY ("event_id") REFERENCES "public"."events"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_endpoint_id_endpoints_id_fk" FOREIGN KEY ("endpoint_id") REFERENCES "public"."endpoints"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "endpoints" ADD CONSTRAINT "endpoints_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "flow_versions" ADD CONSTRAINT "flow_versions_workspace_id_flow_id_flows_workspace_id_id_fk" FOREIGN KEY ("workspace_id","flow_id") REFERENCES "public"."flows"("workspace_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "flows" ADD CONSTRAINT "flows_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "leads" ADD CONSTRAINT "leads_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "numbers" ADD CONSTRAINT "numbers_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "attempts_one_open" ON "attempts" USING btree ("lock_key");--> statement-breakpoint
CREATE INDEX "attempts_of_number" ON "attempts" USING btree ("mode","phone","asked_at");--> statement-breakpoint
CREATE INDEX "attempts_open" ON "attempts" USING btree ("ended_at","deadline_at");--> statement-breakpoint
CREATE INDEX "attempts_of_day" ON "attempts" USING btree ("workspace_id","mode","asked_at");--> statement-breakpoint
CREATE UNIQUE INDEX "bookings_one_per_slot" ON "bookings" USING btree ("workspace_id","mode","calendar","slot_at") WHERE status <> 'released';--> statement-breakpoint
CREATE INDEX "bookings_of_call" ON "bookings" USING btree ("call_id");--> statement-breakpoint
CREATE UNIQUE INDEX "calls_one_open" ON "calls" USING btree ("workspace_id","mode","open_phone");--> statement-breakpoint
CREATE INDEX "calls_of_lead" ON "calls" USING btree ("lead_id");--> statement-breakpoint
CREATE INDEX "calls_waiting" ON "calls" USING btree ("status","updated_at");--> statement-breakpoint
CREATE INDEX "events_of_call" ON "events" USING btree ("call_id");--> statement-breakpoint
CREATE INDEX "history_of_call" ON "history" USING btree ("call_id");