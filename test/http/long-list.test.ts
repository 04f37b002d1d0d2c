import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { lintWrite } from '../../src/http/list-review.js';
import { judgeInTurns, longList, longListIn } from '../../src/http/long-list.js';
import type { EntryRow, ListWrite } from '../../src/store/store.js';
import { openService, type TestService } from './service.js';

/** Judges a body whose items are numbers above 0, each `look` told of; gives the body as a route gets it. */
async function judge(body: object, look: (item: number) => void = () => undefined): Promise<object> {
  const item = z.number().transform((value, context) => {
    look(value);
    if (value < 1) context.issues.push({ code: 'custom', input: value, message: 'Too few.' });
    return `${value}`;
  });
  const list = longListIn(
    z.strictObject({ items: longList(item, { min: 1, max: 5_000 }), name: z.string().default('none') }),
  );
  if (list === undefined) throw new Error('a body without its list');
  await judgeInTurns(body, list);
  return body;
}

const pointersOf = (errors: readonly { readonly pointer: string }[]) => errors.map(({ pointer }) => pointer);

describe('given a body with a long list', () => {
  it('puts in its place what the schema makes of it', async () => {
    expect(await judge({ items: [1, 2] })).toEqual({ items: ['1', '2'], name: 'none' });
  });

  it('tells of its items and of the rest at once', async () => {
    const body = { items: [1, 0, 'a'], name: 5, more: true };
    await expect(judge(body)).rejects.toMatchObject({
      code: 'invalid_input',
      message: 'The input has 4 problems.',
      errors: [
        { pointer: '/name', code: 'invalid_type' },
        { pointer: '/more', code: 'unknown_field' },
        { pointer: '/items/1', code: 'invalid', detail: 'Too few.' },
        { pointer: '/items/2', code: 'invalid_type' },
      ],
    });
    expect(body).toEqual({ items: [1, 0, 'a'], name: 5, more: true });
  });

  it.each([
    ['no list', { items: 'a' }, 'invalid_type'],
    ['nothing', {}, 'invalid_type'],
    ['too few items', { items: [] }, 'too_small'],
    ['too many items', { items: Array.from({ length: 5_001 }, () => 0) }, 'too_big'],
  ])('looks at no item of %s', async (_what, body, code) => {
    let looks = 0;
    const judged = judge(body, () => {
      looks += 1;
    });
    await expect(judged).rejects.toMatchObject({ errors: [{ pointer: '/items', code }] });
    expect(looks).toBe(0);
  });

  it('looks at few items more once it has 1,000 problems', async () => {
    let looks = 0;
    const items = Array.from({ length: 5_000 }, () => 0);
    const judged = judge({ items }, () => {
      looks += 1;
    });
    await expect(judged).rejects.toMatchObject({ message: 'The first 1000 problems of the input.' });
    expect(looks).toBeLessThan(1_100);
  });

  it('lets others have their turn before the last item', async () => {
    let isOver = false;
    let others = 0;
    const items = Array.from({ length: 100 }, () => 1);
    const judged = judge({ items }, () => workFor(2)).then(() => {
      isOver = true;
    });
    while (!isOver) {
      await setImmediate();
      if (!isOver) others += 1;
    }
    await judged;
    expect(others).toBeGreaterThan(2);
  });
});

/** Keeps the process from doing anything else. */
function workFor(durationMs: number): void {
  const startMs = performance.now();
  while (performance.now() - startMs < durationMs);
}

describe('given a write of a list that is good', () => {
  it('compiles the list in turns, as it is and as it will be', async () => {
    let turn = 0;
    const seen = { listed: new Set<number>(), written: new Set<number>() };
    const entriesOf = (list: keyof typeof seen): EntryRow[] => {
      const join = () => {
        workFor(2);
        seen[list].add(turn);
        return 'p';
      };
      return Array.from({ length: 100 }, (_, index) => ({
        ...ENTRY,
        pattern: `https://*.${list}${index}.example.com`,
        policies: Object.assign(['p'], { join }),
      }));
    };
    const write: ListWrite = {
      environment: 'production',
      policies: [],
      policiesBefore: [],
      atMs: 0,
      written: entriesOf('written').map((after) => ({ pointer: '', before: null, after })),
      removed: new Set(),
      listed: entriesOf('listed'),
      find: async () => [],
    };
    let isOver = false;
    const reviewed = lintWrite()
      .review(write)
      .finally(() => {
        isOver = true;
      });
    while (!isOver) {
      await setImmediate();
      turn += 1;
    }
    await reviewed;
    expect(seen.listed.size).toBeGreaterThan(2);
    expect(seen.written.size).toBeGreaterThan(2);
  });
});

const ENTRY: EntryRow = {
  id: '00000000-0000-4000-8000-000000000000',
  pattern: '',
  kind: 'subdomains',
  anyPort: false,
  enabled: true,
  expiresAt: null,
  ref: null,
  note: null,
  labels: [],
  policies: [],
  acceptedRisks: [],
  revision: 1,
  createdAt: '2026-01-01T00:00:00.000Z',
  createdBy: 'key:test',
  updatedAt: '2026-01-01T00:00:00.000Z',
  updatedBy: 'key:test',
};

describe('given a service and lists as long as it takes', () => {
  let service: TestService;
  let address: string;
  beforeAll(async () => {
    service = await openService();
    address = await service.app.listen({ host: '127.0.0.1', port: 0 });
  });
  afterAll(() => service.close());

  const entries = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ pattern: `https://a${index}.example.com` }));
  const put = (slug: string, body: object) =>
    service.call('PUT', `/v1/tenants/${slug}/origins`, { body, headers: { 'if-match': '*' } });

  /** How many other requests are answered before this one. */
  async function answeredDuring(call: Promise<unknown>): Promise<number> {
    let isOver = false;
    let others = 0;
    const over = call.finally(() => {
      isOver = true;
    });
    while (!isOver) {
      await (await fetch(`${address}/healthz`)).text();
      if (!isOver) others += 1;
    }
    await over;
    return others;
  }

  it('goes on answering others until it comes to the last, and writes nothing', async () => {
    const slug = await service.tenant();
    const refused = put(slug, { entries: [...entries(99_999), { pattern: 'https://a.example.com/' }] });
    expect(await answeredDuring(refused)).toBeGreaterThan(2);
    const { status, body } = await refused;
    expect([status, pointersOf(body.errors)]).toEqual([422, ['/entries/99999/pattern']]);
    expect(await service.revisionOf(slug)).toBe(1);
  });

  it('goes on answering others while it reads the list to lint beside', async () => {
    const existing = Array.from({ length: 10_000 }, (_, index) => `https://pr-*.a${index}.example.com`);
    const linted = service.call('POST', '/v1/lint', {
      body: { patterns: ['https://pr-1.a9999.example.com'], existing },
    });
    expect(await answeredDuring(linted)).toBeGreaterThan(0);
    const { body } = await linted;
    expect(body.results[0].findings).toMatchObject([{ code: 'REDUNDANT' }]);
  });

  it('tells the first 1,000 problems of many, and writes nothing', async () => {
    const slug = await service.tenant();
    const { status, body } = await put(slug, {
      entries: [...entries(10), ...entries(99_990).map(() => ({}))],
    });
    expect([status, body.detail]).toEqual([422, 'The first 1000 problems of the input.']);
    expect(body.errors).toHaveLength(1_000);
    expect(body.errors[999]).toMatchObject({ pointer: '/entries/1009/pattern', code: 'invalid_type' });
    expect(await service.revisionOf(slug)).toBe(1);
  });

  it('tells the first 1,000 policies that do not exist', async () => {
    const slug = await service.tenant();
    const policies = ['p1', 'p2', 'p3', 'p4', 'p5'];
    const { status, body } = await put(slug, {
      entries: entries(1_000).map((entry) => ({ ...entry, policies })),
    });
    expect([status, body.code]).toEqual([422, 'policy_unknown']);
    expect(body.errors).toHaveLength(1_000);
    expect(body.errors[999].pointer).toBe('/entries/199/policies/4');
    expect(await service.revisionOf(slug)).toBe(1);
  });
});
