CREATE TABLE "shipping_countries" (
	"country" char(2) PRIMARY KEY NOT NULL,
	"flat_rate" numeric(12, 2) NOT NULL,
	CONSTRAINT "shipping_countries_rate_check" CHECK ("shipping_countries"."flat_rate" >= 0)
);
--> statement-breakpoint
INSERT INTO "shipping_countries" ("country", "flat_rate") VALUES ('AT', 4.90), ('CH', 9.90), ('DE', 3.90), ('FR', 5.90);
