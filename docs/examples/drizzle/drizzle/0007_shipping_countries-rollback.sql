DROP TABLE "shipping_countries";
