DROP TABLE "addresses";--> statement-breakpoint
DROP TABLE "customers";
