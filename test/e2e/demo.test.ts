import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, it } from 'vitest';
import { type Demo, startDemo } from '../../examples/demo/demo.js';
import { launchChromium } from '../support/chromium.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { describeWithChromium } from '../support/requirements.js';

const ADMIN_KEY = 'test-admin-key-of-at-least-32-characters';

describeWithChromium('given the demo', () => {
  let database: TestDatabase;
  let demo: Demo;
  let browser: Browser;
  beforeAll(async () => {
    database = await createTestDatabase();
    demo = await startDemo({ databaseUrl: database.url, adminKey: ADMIN_KEY, port: 0 });
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await demo?.close();
    await database?.drop();
  });

  it('shows live what the listed and the other page may read, and follows the list', async () => {
    const page = await browser.newPage();
    await page.goto(demo.url);
    const shop = page.frameLocator('iframe[title=shop]').locator('td[data-probe]');
    const other = page.frameLocator('iframe[title=other]').locator('td[data-probe]');
    const all = (cells: typeof shop, className: string) =>
      cells
        .and(page.locator(`.${className}`))
        .nth(5)
        .waitFor({ state: 'visible', timeout: 10_000 });

    await all(shop, 'read');
    await all(other, 'refused');
    await page.getByText(demo.shop, { exact: true }).waitFor();

    await page.getByRole('button', { name: 'Toggle the shop' }).click();
    await page.getByRole('button', { name: 'Toggle the other page' }).click();
    await all(shop, 'refused');
    await all(other, 'read');
    await page.getByText(demo.other, { exact: true }).waitFor();
  });
});
