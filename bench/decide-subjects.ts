import { compileSnapshot, DEFAULT_POLICY, type SnapshotEntry } from '@origin-allowlist/client/core';
import {
  type Answer,
  engine,
  engineAsked,
  expressCors,
  fastifyHook,
  honoMiddleware,
  middleware,
  nothing,
  yardstick,
} from './candidates.js';
import { HEADERS_AT_THE_BOUNDS, HEADERS_PAST_THE_BOUNDS, HOSTILE_ORIGINS } from './hostile.js';
import { type BenchList, createList } from './lists.js';
import type { Subject } from './measure.js';
import { type CreateRequest, createGet, createPreflight } from './mock-http.js';
import type { Sdks } from './sdk.js';
import { createTexts, type Texts } from './texts.js';

/** What the rows are called, here and where the bars look for them. */
export const EXACT = 'exact hit';
const ANYBODY = 'exact hit, anybody of the list';
export const WILDCARD = 'wildcard hit';
export const MISS = 'miss';
export const PREFLIGHT = 'preflight, three headers';
const HOSTILE = 'hostile origins';
export const HOSTILE_ORIGIN = 'hostile origin: ';
export const AT_THE_BOUNDS = 'request headers at the bounds: ';
export const PAST_THE_BOUNDS = 'request headers past the bounds: ';

const POLICY = {
  ...DEFAULT_POLICY,
  allowedHeaders: ['content-type', 'authorization', 'x-requested-with', 'x-custom'],
};
/** Everybody, with a list of one size. */
export async function subjectsOf(size: number, sdks: Sdks): Promise<readonly Subject[]> {
  const list = createList(size);
  const texts = {
    regulars: createTexts(list.regulars),
    anybody: createTexts(list.everybody),
    covered: createTexts(list.covered),
    strangers: createTexts(list.strangers),
    hostile: createTexts(Object.values(HOSTILE_ORIGINS)),
  };
  const mixed = await oursOf(list.entries, sdks);
  const wild = await oursOf(list.wildcards, sdks);
  const last = createTexts(list.origins.slice(-1));
  return [
    ...inScenario(EXACT, size, true, mixed(createGet), texts.regulars),
    // Going through a list ends here for the last of it, and for most of it not much earlier.
    ...inScenario(EXACT, size, true, othersOf(list, createGet), last),
    ...inScenario(EXACT, size, false, { mocks: nothing(createGet) }, texts.regulars),
    ...inScenario(ANYBODY, size, true, mixed(createGet), texts.anybody),
    ...inScenario(WILDCARD, size, true, wild(createGet), texts.covered),
    ...inScenario(MISS, size, false, { ...mixed(createGet), ...othersOf(list, createGet) }, texts.strangers),
    ...inScenario(PREFLIGHT, size, true, mixed(createPreflight), texts.regulars),
    ...inScenario(PREFLIGHT, size, true, othersOf(list, createPreflight), last),
    ...inScenario(HOSTILE, size, false, { ...wild(createGet), ...othersOf(list, createGet) }, texts.hostile),
    ...Object.entries(HOSTILE_ORIGINS).flatMap(([kind, origin]) => {
      const { decide } = wild(createGet);
      return inScenario(HOSTILE_ORIGIN + kind, size, false, { decide }, createTexts([origin]));
    }),
  ];
}

/** The engine on request headers at the bounds and past them: the size of the list is nothing to these. */
export function requestHeadersSubjects(): readonly Subject[] {
  const list = createList(10);
  const compiled = compile(list.entries);
  const origins = createTexts(list.regulars);
  const subject = (scenario: string, allowed: boolean, lines: string | readonly string[]) =>
    inScenario(scenario, list.size, allowed, { decide: engineAsked(compiled, lines) }, origins);
  return [
    ...inScenario(
      `${AT_THE_BOUNDS}(only to look at 4,096 characters)`,
      list.size,
      true,
      { decide: yardstick() },
      origins,
    ),
    ...Object.entries(HEADERS_AT_THE_BOUNDS).flatMap(([kind, { lines, allowed }]) =>
      subject(AT_THE_BOUNDS + kind, allowed, lines),
    ),
    ...Object.entries(HEADERS_PAST_THE_BOUNDS).flatMap(([kind, lines]) =>
      subject(PAST_THE_BOUNDS + kind, false, lines),
    ),
  ];
}

function inScenario(
  scenario: string,
  entries: number,
  allowed: boolean,
  answers: Readonly<Record<string, Answer>>,
  origins: Texts,
): readonly Subject[] {
  return Object.entries(answers).map(([name, answer]) => ({
    name,
    scenario,
    entries,
    allowed,
    answer,
    origins,
  }));
}

async function oursOf(entries: readonly SnapshotEntry[], sdks: Sdks) {
  const compiled = compile(entries);
  const client = await sdks.load(entries, [POLICY]);
  return (createRequest: CreateRequest) => ({
    decide: engine(compiled, createRequest),
    middleware: middleware(client, createRequest),
  });
}

function othersOf({ origins }: BenchList, createRequest: CreateRequest) {
  return {
    cors: expressCors(origins, POLICY, createRequest),
    '@fastify/cors': fastifyHook(origins, POLICY, createRequest),
    'hono/cors': honoMiddleware(origins, POLICY, createRequest),
  };
}

function compile(entries: readonly SnapshotEntry[]) {
  const lineage = '00000000-0000-4000-8000-000000000000';
  return compileSnapshot({
    tenant: 'bench',
    lineage,
    revision: 1,
    count: entries.length,
    policies: [POLICY],
    entries,
  });
}
