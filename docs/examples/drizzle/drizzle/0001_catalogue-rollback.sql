DROP TABLE "products";--> statement-breakpoint
DROP TABLE "categories";
