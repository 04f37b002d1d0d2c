import { describe, expect, it } from 'vitest';
import { problem, send } from './fake-service.js';
import { createSetup, createStreaming, eventually, settled, streaming } from './setup.js';

const APP = { pattern: 'https://app.example.com' };
const FROM_APP = { method: 'GET', target: '/', origin: 'https://app.example.com' };

describe('given a service that answers no stream', () => {
  it.each<[number, Readonly<Record<string, string>>, string, number]>([
    [404, {}, 'unexpected_status', 8_000],
    [500, {}, 'unexpected_status', 8_000],
    [307, { location: '/elsewhere' }, 'redirected', 8_000],
    [200, { 'content-type': 'application/json' }, 'body_invalid', 8_000],
    [429, { 'retry-after': '10' }, 'busy', 11_000],
    [503, { 'retry-after': '10' }, 'busy', 11_000],
  ])('%i %j: it polls, and asks for one later', async (status, headers, code, pauseMs) => {
    const { clock, service, create } = await createSetup();
    service.write('acme', { entries: [APP] });
    service.override(({ call }, response) => {
      if (call !== 'POST /v1/stream') return 'pass';
      send(response, { ...problem(status, 'test'), headers });
      return 'answered';
    });
    const allowlist = create({ stream: true });
    await settled(clock, pauseMs, 30_000);
    expect(allowlist.status().transport).toMatchObject({ state: 'polling', lastProblem: { code } });
    expect(allowlist.status().transport.retryInMs).toBeUndefined();
    service.override(undefined);
    clock.advance(pauseMs);
    await streaming(allowlist);
  });

  it('gives up one that is not of this protocol', async () => {
    const { service, allowlist } = await createStreaming();
    service.streams[0]?.write(`data: ${'x'.repeat(1_100_000)}`);
    await eventually(() => expect(allowlist.status().transport.lastProblem?.code).toBe('body_invalid'));
  });

  it('passes over events it does not know, and what is said before the greeting', async () => {
    const { service, create } = await createSetup();
    const { lineage } = service.write('acme', { entries: [APP] });
    service.greet(false);
    const allowlist = create({ stream: true });
    await eventually(() => expect(service.streams).toHaveLength(1));
    service.streams[0]?.send('gone', { tenant: 'acme' });
    service.streams[0]?.send('hello', {});
    service.streams[0]?.send('hello', {});
    service.streams[0]?.send('weather', { tenant: 'acme' });
    service.streams[0]?.send('gone', { tenant: 7 });
    service.streams[0]?.write('event: gone\ndata: acme\n\n');
    const ops = [{ op: 'delete', pattern: APP.pattern }];
    service.streams[0]?.send('delta', { tenant: 'acme', lineage, from: 1, to: 2, ops, count: 0 });
    await eventually(() => expect(allowlist.decide(FROM_APP)).toMatchObject({ revision: 2 }));
    expect(allowlist.status().counters.reconnects).toBe(0);
  });
});

describe('given a service that refuses the key', () => {
  it('tries once a minute, tells it once each time, and streams again once the key is good', async () => {
    const { clock, service, allowlist } = await createStreaming();
    const told: unknown[] = [];
    allowlist.on('unauthorized', (event) => told.push(event));
    service.override((_request, response) => {
      send(response, problem(401, 'unauthorized'));
      return 'answered';
    });
    service.streams[0]?.end(0);
    await eventually(() => expect(clock.pending()).toEqual([8_000, 30_000]));
    clock.advance(8_000);
    await eventually(() => expect(allowlist.status().transport.state).toBe('unauthorized'));
    await settled(clock, 22_000, 60_000);
    clock.advance(22_000);
    await settled(clock, 38_000, 38_000);
    clock.advance(38_000);
    await settled(clock, 60_000, 60_000);
    expect(told).toEqual([{ status: 401 }, { status: 401 }]);
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: true });
    service.override(undefined);
    service.write('acme', { entries: [] });
    clock.advance(60_000);
    await streaming(allowlist);
    await eventually(() => expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: false }));
  });
});
