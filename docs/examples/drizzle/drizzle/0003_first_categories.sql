-- Every product needs a category from now on: those without one go to "other".
INSERT INTO "categories" ("name") VALUES ('books'), ('games'), ('music'), ('other');--> statement-breakpoint
UPDATE "products" SET "category_id" = (SELECT "id" FROM "categories" WHERE "name" = 'other') WHERE "category_id" IS NULL;--> statement-breakpoint
ALTER TABLE "products" ALTER COLUMN "category_id" SET NOT NULL;
