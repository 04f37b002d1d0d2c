import { defineConfig } from 'prisma/config';

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  // Only the Prisma CLI reads this; the service takes its settings from src/config.ts.
  datasource: { url: process.env.DATABASE_URL ?? '' },
});
