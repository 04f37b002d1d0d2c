import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createSetup, createStreaming, eventually, settled, streaming } from './setup.js';

const APP = { pattern: 'https://app.example.com' };
const FROM_APP = { method: 'GET', target: '/', origin: 'https://app.example.com' };
const { version } = JSON.parse(readFileSync(new URL('../../client/package.json', import.meta.url), 'utf8'));

describe('given a service that wants to know who decides by what', () => {
  it('is told within 100 ms after the first load', async () => {
    const { clock, service, allowlist, lineage } = await createStreaming({
      service: 'checkout',
      onStale: 'refuse',
    });
    clock.advance(49);
    expect(service.reports).toEqual([]);
    clock.advance(1);
    await eventually(() =>
      expect(service.reports).toEqual([
        {
          instance: allowlist.status().instance,
          service: 'checkout',
          sdk: version,
          transport: 'stream',
          onStale: 'refuse',
          maxStalenessMs: 86_400_000,
          applied: [{ slug: 'acme', lineage, revision: 1 }],
          all: false,
        },
      ]),
    );
  });

  it('is told at once only of what has moved, and of all every 30 s', async () => {
    const { clock, service, create } = await createSetup();
    for (const slug of ['acme', 'globex']) service.write(slug, { entries: [APP] });
    const allowlist = create({ tenant: ({ host }) => host });
    await allowlist.decide({ ...FROM_APP, host: 'acme' });
    clock.advance(50);
    await eventually(() => expect(service.reports).toHaveLength(1));
    await settled(clock, 30_000);
    await allowlist.decide({ ...FROM_APP, host: 'globex' });
    clock.advance(50);
    await eventually(() => expect(service.reports).toHaveLength(2));
    expect(service.reports[1]).toMatchObject({ applied: [{ slug: 'globex', revision: 1 }], all: false });
    await settled(clock, 29_950);
    clock.advance(30_000);
    await eventually(() => expect(service.reports).toHaveLength(3));
    expect(service.reports[2]).toMatchObject({ applied: [{ slug: 'acme' }, { slug: 'globex' }], all: true });
  });

  it('is told every 30 s, by those that poll too', async () => {
    const { clock, service, create } = await createSetup();
    service.write('acme', { entries: [APP] });
    const allowlist = create();
    await settled(clock, 30_000);
    clock.advance(50);
    await eventually(() => expect(service.reports).toHaveLength(1));
    clock.advance(29_999);
    await settled(clock, 30_000);
    expect(service.reports).toHaveLength(1);
    clock.advance(1);
    await eventually(() => expect(service.reports).toHaveLength(2));
    expect(service.reports[1]).toMatchObject({ transport: 'poll', applied: [{ slug: 'acme', revision: 1 }] });
    expect(allowlist.status().counters.callsFailed).toBe(0);
  });

  it('is told within 100 ms of applying what a writer waits for, and not of anything else', async () => {
    const { clock, service, allowlist } = await createStreaming();
    clock.advance(50);
    await eventually(() => expect(service.reports).toHaveLength(1));
    service.tell('acme', { entries: [] });
    await eventually(() => expect(allowlist.status().counters.deltasApplied).toBe(1));
    clock.advance(100);
    service.tell('acme', { entries: [APP] }, { ack: true });
    service.tell('acme', { entries: [] }, { ack: true });
    await eventually(() => expect(allowlist.status().counters.deltasApplied).toBe(3));
    clock.advance(50);
    await eventually(() => expect(service.reports).toHaveLength(2));
    expect(service.reports[1]).toMatchObject({ applied: [{ slug: 'acme', revision: 4 }] });
  });

  it('is told of a list that had to be loaded only once it is decided by', async () => {
    const { clock, service, allowlist } = await createStreaming();
    clock.advance(50);
    await eventually(() => expect(service.reports).toHaveLength(1));
    service.write('acme', { entries: [] });
    service.streams[0]?.send('resync', { tenant: 'acme', ack: true });
    await eventually(() => expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: false }));
    // The new stream that follows a list is due: all that a load brings has been done.
    await eventually(() => expect(clock.pending()).toContain(1_000));
    clock.advance(50);
    await eventually(() => expect(service.reports).toHaveLength(2));
    expect(service.reports[1]).toMatchObject({ applied: [{ slug: 'acme', revision: 2 }] });
  });
});

describe('given a report under way', () => {
  it('tells by another one what came meanwhile', async () => {
    const held: (() => void)[] = [];
    const { clock, service, create } = await createSetup();
    service.write('acme', { entries: [APP] });
    const holding = async (url: string, init: RequestInit) => {
      const answer = await fetch(url, init);
      if (url.endsWith('/v1/report')) await new Promise<void>((resolve) => held.push(resolve));
      return answer;
    };
    const allowlist = create({ stream: true, deps: { ...clock.deps, fetch: holding } });
    await streaming(allowlist);
    clock.advance(50);
    await eventually(() => expect(held).toHaveLength(1));
    service.tell('acme', { entries: [] }, { ack: true });
    await eventually(() => expect(allowlist.status().counters.deltasApplied).toBe(1));
    clock.advance(50);
    expect(service.reports).toHaveLength(1);
    for (const release of held) release();
    await eventually(() => expect(service.reports).toHaveLength(2));
    expect(service.reports[1]).toMatchObject({ applied: [{ slug: 'acme', revision: 2 }] });
  });
});

describe('given a service that takes no reports', () => {
  it.each([
    ['refuses the key', () => Promise.resolve(new Response(null, { status: 401 }))],
    ['cannot be reached', () => Promise.reject(new Error('cut'))],
    ['does not answer', () => new Promise<Response>(() => {})],
  ])('that it %s disturbs nothing', async (_title, answer) => {
    const { clock, service, create } = await createSetup();
    service.write('acme', { entries: [APP] });
    let reports = 0;
    const deps = {
      ...clock.deps,
      fetch: (url: string, init: RequestInit) => {
        if (!url.endsWith('/v1/report')) return fetch(url, init);
        reports += 1;
        return answer();
      },
    };
    const allowlist = create({ deps });
    await settled(clock, 30_000);
    clock.advance(50);
    expect(reports).toBe(1);
    clock.advance(10_000);
    await settled(clock, 19_950);
    expect(allowlist.status()).toMatchObject({
      transport: { state: 'polling' },
      counters: { callsFailed: 0 },
    });
    expect(allowlist.status().transport.lastProblem).toBeUndefined();
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: true });
  });

  it('is not called while it asks to be left alone, and no good-bye is said to one never told of anything', async () => {
    const { clock, service, create } = await createSetup();
    service.override((_request, response) => {
      response.writeHead(503, { 'retry-after': '60' }).end();
      return 'answered';
    });
    const allowlist = create();
    await settled(clock, 66_000);
    clock.advance(65_000);
    allowlist.close();
    await eventually(() => expect(clock.count()).toBe(0));
    expect(service.reports).toEqual([]);
  });
});
