import { DEFAULT_POLICY } from '@origin-allowlist/client/core';
import type { BrowserContext, Frame } from 'playwright-core';
import { createLoadedAllowlist } from '../client/loaded-allowlist.js';
import type { Start } from './adapters.js';
import type { BrowserCase, Measured } from './browser-case.js';
import { createTraffic } from './traffic.js';

/** Ports of two servers of pages. */
export interface Pages {
  readonly port: number;
  readonly elsewhere: number;
}

/** What came of a row, by the name of the server it was asked through. */
export type Results = Readonly<Record<string, Measured>>;

/**
 * Asks as a row says, through all servers at once, each started with the row's list. What they start ends with the test that is
 * running.
 */
export type Measure = (
  browserCase: BrowserCase,
  servers: Readonly<Record<string, Start>>,
) => Promise<Results>;

/**
 * Rows share a browser profile and its pages, since opening those takes longest, but no server has a name that another had:
 * browsers keep preflights by URL and cookies by host.
 */
export function createMeasure(context: BrowserContext, pages: Pages): Measure {
  const frameAt = openFrames(context);
  let started = 0;
  return async (browserCase, servers) => {
    const results = Object.entries(servers).map(async ([name, start]) => {
      started += 1;
      const host = `api-${started}.acme.localhost`;
      return [name, await measureOne(browserCase, pages, start, host, frameAt)] as const;
    });
    return Object.fromEntries(await Promise.all(results));
  };
}

async function measureOne(
  { page, isSandboxed = false, list, policy, options, asks }: BrowserCase,
  { port, elsewhere }: Pages,
  start: Start,
  host: string,
  frameAt: (url: string) => Promise<Frame>,
): Promise<Measured> {
  const withPages = (text: string) =>
    text.replaceAll('{port}', String(port)).replaceAll('{elsewhere}', String(elsewhere));
  const traffic = createTraffic();
  const allowlist = await createLoadedAllowlist(
    {
      entries: list.map((pattern) => ({ pattern: withPages(pattern) })),
      policies: [{ ...DEFAULT_POLICY, ...policy }],
    },
    { publicOrigins: (options?.publicOrigins ?? []).map(withPages) },
  );
  const api = `http://${host}:${await start(allowlist, traffic)}`;
  const other = api.replace(host, `other.${host}`);
  const fill = (text: string) =>
    withPages(text.replaceAll('{page}', page)).replaceAll('{api}', api).replaceAll('{other}', other);

  const frame = await frameAt(fill(isSandboxed ? `${page}/sandboxed` : page));
  const learned: string[] = [];
  for (const ask of asks) {
    const filled = 'url' in ask ? { ...ask, url: fill(ask.url) } : ask;
    learned.push(await frame.evaluate(`ask(${JSON.stringify(filled)})`));
  }
  return { page: learned, ...traffic.seen() };
}

/** Opens each page once, and tells the frame in it that asks: its last. */
function openFrames(context: BrowserContext): (url: string) => Promise<Frame> {
  const opened = new Map<string, Promise<Frame>>();
  const open = async (url: string): Promise<Frame> => {
    const page = await context.newPage();
    await page.goto(url);
    return page.frames().at(-1) ?? page.mainFrame();
  };
  return (url) => {
    const frame = opened.get(url) ?? open(url);
    opened.set(url, frame);
    return frame;
  };
}
