import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../support/chromium.js';
import { describeWithChromium } from '../support/requirements.js';
import type { BrowserCase } from './browser-case.js';
import { type Group, MATRIX } from './matrix.js';
import { documentOf } from './matrix-document.js';
import { createMeasure, type Measure, type Results } from './measurement.js';
import { type PageServer, startPages } from './page-server.js';

let browser: Browser;
let pages: PageServer;
let elsewhere: PageServer;
let measure: Measure;

const measured = new Map<BrowserCase, Promise<Results>>();

/** Asks a row once, through all its servers, for whichever test comes first. */
function resultsOf(browserCase: BrowserCase, { servers }: Group): Promise<Results> {
  const results = measured.get(browserCase) ?? measure(browserCase, servers);
  measured.set(browserCase, results);
  return results;
}

const titled = <T extends { readonly title: string }>(rows: readonly T[]) =>
  rows.map((row) => [row.title, row] as const);

describeWithChromium('in a real Chromium', () => {
  beforeAll(async () => {
    [browser, pages, elsewhere] = await Promise.all([launchChromium(), startPages(), startPages()]);
    const ports = { port: pages.port, elsewhere: elsewhere.port };
    measure = createMeasure(await browser.newContext(), ports);
  });
  afterAll(async () => {
    await browser?.close();
    pages?.close();
    elsewhere?.close();
  });

  // By `%s`, since `$title` would cut long ones.
  describe.each(titled(MATRIX))('%s', (_title, group) => {
    describe.each(titled(group.cases))('given %s', (_title, browserCase) => {
      it.each(Object.keys(group.servers))('does what the row says, through %s', async (name) => {
        const results = await resultsOf(browserCase, group);
        expect(results[name]).toEqual(browserCase.expected);
      });
    });
  });

  // `npx vitest run test/browser -u` writes it.
  it('is written down in docs/browser-matrix.md', async () => {
    const results = new Map<BrowserCase, Results>();
    for (const group of MATRIX)
      for (const browserCase of group.cases) results.set(browserCase, await resultsOf(browserCase, group));
    await expect(documentOf(MATRIX, results)).toMatchFileSnapshot('../../docs/browser-matrix.md');
  });
});
