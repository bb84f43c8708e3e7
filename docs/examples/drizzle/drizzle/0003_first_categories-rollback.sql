ALTER TABLE "products" ALTER COLUMN "category_id" DROP NOT NULL;--> statement-breakpoint
UPDATE "products" SET "category_id" = NULL WHERE "category_id" = (SELECT "id" FROM "categories" WHERE "name" = 'other');--> statement-breakpoint
DELETE FROM "categories" WHERE "name" IN ('books', 'games', 'music', 'other');
