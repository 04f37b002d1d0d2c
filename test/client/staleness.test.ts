import { describe, expect, it } from 'vitest';
import { createSetup, settled } from './setup.js';

const APP = { pattern: 'https://app.example.com' };
const FROM_APP = { method: 'GET', target: '/', origin: 'https://app.example.com' };
const DAY_MS = 86_400_000;

/** A client that has loaded its list and then lost the service. */
async function createOrphan(onStale?: 'serve' | 'refuse') {
  const { clock, service, create } = await createSetup();
  service.write('acme', { entries: [APP] });
  const line = { isCut: false };
  const allowlist = create({
    ...(onStale !== undefined && { onStale }),
    deps: {
      ...clock.deps,
      fetch: (url, init) => (line.isCut ? Promise.reject(new Error('cut')) : fetch(url, init)),
    },
  });
  const told: unknown[] = [];
  allowlist.on('stale', (event) => told.push(event));
  allowlist.on('recovered', (event) => told.push(event));
  await settled(clock, 30_000);
  line.isCut = true;
  return { clock, allowlist, line, told };
}

describe('given a list that nobody confirmed for longer than maxStalenessMs', () => {
  it('is decided by all the same, and tells once that it is stale', async () => {
    const { clock, allowlist, told } = await createOrphan();
    clock.set(clock.now() + DAY_MS);
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: true });
    expect(told).toEqual([]);
    clock.set(clock.now() + 1);
    // The first of them is decided anew, and asks the clock; the answer to the other was kept.
    expect(allowlist.decide({ ...FROM_APP, origin: 'https://other.example' })).toMatchObject({
      allowed: false,
      reason: 'origin_not_listed',
    });
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: true });
    expect(told).toEqual([{ tenant: 'acme', ageMs: DAY_MS + 1 }]);
    expect(allowlist.status().tenants[0]).toMatchObject({ stale: true });
  });

  it('refuses where that is asked for, on time', async () => {
    const { clock, allowlist } = await createOrphan('refuse');
    clock.set(clock.now() + DAY_MS);
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: true });
    clock.set(clock.now() + 1);
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: false, reason: 'stale' });
  });

  it('tells it also when no request comes', async () => {
    const { clock, told } = await createOrphan();
    clock.set(clock.now() + DAY_MS);
    clock.advance(30_000);
    await settled(clock, 1_000);
    expect(told).toHaveLength(1);
  });

  it('recovers when the service confirms it again', async () => {
    const { clock, allowlist, line, told } = await createOrphan('refuse');
    clock.set(clock.now() + DAY_MS + 1);
    expect(allowlist.decide(FROM_APP)).toMatchObject({ reason: 'stale' });
    line.isCut = false;
    clock.advance(30_000);
    await settled(clock, 30_000);
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: true });
    expect(told.at(-1)).toEqual({ tenant: 'acme' });
  });
});
