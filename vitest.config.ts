import { defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';

// The workspace is tested from source. (Adding the conditions import or default here would break pg.)
const fromSource = { resolve: { conditions: ['@origin-allowlist/source', ...defaultServerConditions] } };

// One queue for all projects, in the order of their names: long files first, and at the end, when one worker has run out of them,
// the short ones of `unit`. More workers than two would only make each other's deadlines tight.
export default defineConfig({
  test: {
    projects: [
      {
        ssr: fromSource,
        test: {
          name: 'unit',
          include: ['test/{core,client,fuzz,lint,config,migrate}/**/*.test.ts'],
          maxWorkers: 2,
          // Each file loading all modules anew would take longer than the tests.
          isolate: false,
          testTimeout: 20_000,
          sequence: { shuffle: true },
        },
      },
      {
        ssr: fromSource,
        test: {
          name: 'integration',
          include: ['test/{store,http,sdk,support,packaging}/**/*.test.ts'],
          globalSetup: ['test/support/servers.ts'],
          maxWorkers: 2,
          isolate: false,
          testTimeout: 20_000,
          hookTimeout: 60_000,
          sequence: { shuffle: true },
        },
      },
      {
        ssr: fromSource,
        test: {
          name: 'e2e',
          include: ['test/{e2e,browser}/**/*.test.ts'],
          globalSetup: ['test/support/servers.ts', 'test/support/build.ts'],
          maxWorkers: 2,
          isolate: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
          sequence: { shuffle: true },
        },
      },
    ],
  },
});
