// `npm run demo`: the service, two apps and two pages, live in the browser. Takes four ports from DEMO_PORT (8090) on; 0 = any four.
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { openEmbeddedPostgres } from '../../src/embedded/embedded-postgres.js';
import { describeFailure } from '../../src/start-error.js';
import { startDemo } from './demo.js';

try {
  const postgres = await openEmbeddedPostgres(resolve(process.env.DATA_DIR ?? '.data', 'demo'));
  const demo = await startDemo({
    databaseUrl: postgres.url,
    adminKey: randomBytes(32).toString('base64url'),
    port: Number(process.env.DEMO_PORT ?? 8090),
  }).catch(async (error: unknown) => {
    await postgres.close();
    throw error;
  });
  console.log(`
Open ${demo.url} in a browser.

It shows the same page on two origins, ${demo.shop} (listed) and ${demo.other} (not listed),
each calling an Express and a Fastify app that decide through the SDK. Ctrl-C stops it.
`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, async () => {
      await demo.close();
      await postgres.close();
      process.exit(0);
    });
  }
} catch (error) {
  console.error(`demo: ${describeFailure(error, { stack: false })}`);
  process.exit(1);
}
