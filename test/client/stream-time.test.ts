import { describe, expect, it } from 'vitest';
import { createSetup, eventually, streaming } from './setup.js';

const HOUR_MS = 3_600_000;
const FROM_APP = { method: 'GET', target: '/', origin: 'https://app.example.com' };

/** A client that streams, and whose one entry expires in half an hour. */
async function createExpiring() {
  const setup = await createSetup();
  const { clock, service, create } = setup;
  const startMs = clock.now();
  const expiresAt = new Date(startMs + HOUR_MS / 2).toISOString();
  service.write('acme', { entries: [{ pattern: 'https://app.example.com', expiresAt }] });
  const allowlist = create({ stream: true });
  await streaming(allowlist);
  const ping = (data: object) => service.streams[0]?.send('ping', { checkedAgeMs: 0, ...data });
  const offset = () => allowlist.status().serverClockOffsetMs;
  return { ...setup, allowlist, startMs, ping, offset };
}

describe('given a clock that is set while the client streams', () => {
  it('an hour ahead: from the next ping on an entry expires when it should', async () => {
    const { clock, allowlist, startMs, ping, offset } = await createExpiring();
    clock.set(startMs + HOUR_MS);
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: false });
    ping({ serverTimeMs: startMs });
    await eventually(() => expect(offset()).toBe(-HOUR_MS));
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: true });
    clock.set(startMs + HOUR_MS + HOUR_MS / 2);
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: false });
  });

  it('an hour back: what has expired is refused', async () => {
    const { clock, allowlist, startMs, ping, offset } = await createExpiring();
    clock.set(startMs - HOUR_MS);
    ping({ serverTimeMs: startMs + HOUR_MS / 2 });
    await eventually(() => expect(offset()).toBe(1.5 * HOUR_MS));
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: false });
  });

  it('learns it from a greeting as well', async () => {
    const { clock, service, create } = await createSetup();
    service.write('acme', {});
    service.greet(false);
    const allowlist = create({ stream: true });
    await eventually(() => expect(service.streams).toHaveLength(1));
    service.streams[0]?.send('hello', { serverTimeMs: clock.now() + HOUR_MS });
    await streaming(allowlist);
    expect(allowlist.status().serverClockOffsetMs).toBe(HOUR_MS);
  });
});

describe('given a ping that was long on its way', () => {
  it('keeps what calls told, up to a second, and passes over what is no time', async () => {
    const { clock, service, allowlist, startMs, ping, offset } = await createExpiring();
    clock.advance(700);
    ping({ serverTimeMs: startMs + 699 - 999 });
    ping({ serverTimeMs: 'noon' });
    ping({ serverTimeMs: -1 });
    ping({ serverTimeMs: 1e300 });
    // Heard after them all.
    service.tell('acme', { entries: [] });
    await eventually(() => expect(allowlist.decide(FROM_APP)).toMatchObject({ revision: 2 }));
    expect(offset()).toBe(0);
  });
});
