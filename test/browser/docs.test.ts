import { expect, it, onTestFinished } from 'vitest';
import { openService } from '../http/service.js';
import { launchChromium } from '../support/chromium.js';
import { describeWithChromium } from '../support/requirements.js';

describeWithChromium('given the documentation in a browser', () => {
  it('shows every call, and breaks none of the rules it is sent with', async () => {
    const service = await openService();
    onTestFinished(() => service.close());
    const browser = await launchChromium();
    onTestFinished(() => browser.close());
    const address = await service.app.listen({ host: '127.0.0.1', port: 0 });

    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(`${address}/docs`);
    await page.locator('#operations-tenants-listTenants').click();
    await page.locator('#operations-tenants-listTenants .opblock-body').waitFor();
    expect(await page.locator('.opblock').count()).toBeGreaterThan(20);
    expect(complaints).toEqual([]);
  });
});
