import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'postgresql',
  schema: './schema.ts',
  out: './drizzle',
  // Drizzle's and predeploy's own tables are in schemas of their own: push must not see them.
  schemaFilter: ['public'],
  dbCredentials: { url: process.env.DATABASE_URL! },
});
