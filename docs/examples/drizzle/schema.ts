import { sql } from 'drizzle-orm';
import {
  char,
  check,
  index,
  integer,
  numeric,
  pgEnum,
  pgTable,
  primaryKey,
  serial,
  text,
  timestamp,
} from 'drizzle-orm/pg-core';

export const customers = pgTable('customers', {
  id: serial().primaryKey(),
  email: text().notNull().unique(),
  name: text().notNull(),
  phone: text(),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
});

export const addresses = pgTable('addresses', {
  id: serial().primaryKey(),
  customerId: integer('customer_id')
    .notNull()
    .references(() => customers.id, { onDelete: 'cascade' }),
  street: text().notNull(),
  city: text().notNull(),
  postalCode: text('postal_code').notNull(),
  country: char({ length: 2 }).notNull(),
});

export const categories = pgTable('categories', {
  id: serial().primaryKey(),
  name: text().notNull().unique(),
});

export const products = pgTable('products', {
  id: serial().primaryKey(),
  categoryId: integer('category_id')
    .notNull()
    .references(() => categories.id),
  sku: text().notNull().unique(),
  title: text().notNull(),
  price: numeric({ precision: 12, scale: 2 }).notNull(),
});

export const orderStatus = pgEnum('order_status', ['open', 'paid', 'shipped', 'cancelled']);

export const orders = pgTable(
  'orders',
  {
    id: serial().primaryKey(),
    customerId: integer('customer_id')
      .notNull()
      .references(() => customers.id),
    status: orderStatus().notNull().default('open'),
    placedAt: timestamp('placed_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('orders_customer_idx').on(table.customerId, table.placedAt)],
);

export const orderItems = pgTable(
  'order_items',
  {
    orderId: integer('order_id')
      .notNull()
      .references(() => orders.id, { onDelete: 'cascade' }),
    productId: integer('product_id')
      .notNull()
      .references(() => products.id),
    quantity: integer().notNull(),
    unitPrice: numeric('unit_price', { precision: 12, scale: 2 }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.orderId, table.productId] })],
);

export const payments = pgTable('payments', {
  id: serial().primaryKey(),
  orderId: integer('order_id')
    .notNull()
    .references(() => orders.id),
  amount: numeric({ precision: 12, scale: 2 }).notNull(),
  reference: text().notNull(),
  paidAt: timestamp('paid_at', { withTimezone: true }).notNull().defaultNow(),
});

export const shippingCountries = pgTable(
  'shipping_countries',
  {
    country: char({ length: 2 }).primaryKey(),
    flatRate: numeric('flat_rate', { precision: 12, scale: 2 }).notNull(),
  },
  (table) => [check('shipping_countries_rate_check', sql`${table.flatRate} >= 0`)],
);
