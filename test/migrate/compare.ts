import type { FastifyCorsOptions } from '@fastify/cors';
import type koaCors from '@koa/cors';
import type { CorsOptions } from 'cors';
import { isGranted } from './browser.js';
import { type HonoOptions, THEIRS } from './libraries.js';
import { converted, ourAnswer, sourceOf } from './ours.js';
import { differences, type Probe } from './probe.js';

/** A use of a library that runs here. */
export type Use =
  | { readonly library: 'cors'; readonly options?: CorsOptions }
  | { readonly library: '@fastify/cors'; readonly options?: FastifyCorsOptions }
  | { readonly library: 'hono/cors'; readonly options?: HonoOptions }
  | { readonly library: '@koa/cors'; readonly options?: koaCors.Options };

/** What the library answers to a probe. */
export function theirAnswer(use: Use, probe: Probe) {
  switch (use.library) {
    case 'cors':
      return THEIRS.cors(use.options, probe);
    case '@fastify/cors':
      return THEIRS['@fastify/cors'](use.options, probe);
    case 'hono/cors':
      return THEIRS['hono/cors'](use.options, probe);
    case '@koa/cors':
      return THEIRS['@koa/cors'](use.options, probe);
  }
}

/** How our answer differs from the library's once its options are converted. */
export async function compare(use: Use, probe: Probe) {
  return differences(await theirAnswer(use, probe), ourAnswer(conversionOf(use), probe));
}

/** What a browser lets a page do by the library's answer, and by ours: without and with credentials. */
export async function verdicts(use: Use, probe: Probe) {
  const [theirs, ours] = [await theirAnswer(use, probe), ourAnswer(conversionOf(use), probe)];
  const both = [{ credentials: false }, { credentials: true }];
  return {
    theirs: both.map((asking) => isGranted(theirs, probe, asking)),
    ours: both.map((asking) => isGranted(ours, probe, asking)),
  };
}

/** What becomes of the options. */
export function conversionOf(use: Use) {
  return converted(sourceOf(use.options ?? {}), use.library);
}
