import { defineConfig } from 'drizzle-kit';
import project from './drizzle.config';

// What introspect writes are files named as those of a migration: never into the project's folder.
export default defineConfig({ ...project, out: './introspected' });
