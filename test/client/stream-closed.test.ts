import { describe, expect, it } from 'vitest';
import { createSetup, createStreaming, eventually } from './setup.js';

const APP = { pattern: 'https://app.example.com' };
const FROM_APP = { method: 'GET', target: '/', origin: 'https://app.example.com' };

describe('given a client that is closed', () => {
  it('says good-bye, hangs up, and leaves no timer', async () => {
    const { clock, service, allowlist } = await createStreaming();
    clock.advance(100);
    await eventually(() => expect(service.reports).toHaveLength(1));
    allowlist.close();
    await eventually(() => expect(service.reports).toHaveLength(2));
    expect(service.reports[1]).toMatchObject({
      instance: allowlist.status().instance,
      bye: true,
    });
    await eventually(() => expect(service.openStreams()).toEqual([]));
    await eventually(() => expect(clock.count()).toBe(0));
    expect(allowlist.status().transport.state).toBe('closed');
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: true });
  });

  it('hangs up also while a stream is being opened, and opens no other', async () => {
    const { clock, service, create } = await createSetup();
    service.write('acme', { entries: [APP] });
    service.greet(false);
    const allowlist = create({ stream: true });
    await eventually(() => expect(service.streams).toHaveLength(1));
    allowlist.close();
    await eventually(() => expect(service.openStreams()).toEqual([]));
    await eventually(() => expect(clock.count()).toBe(0));
    clock.advance(600_000);
    expect(service.streams).toHaveLength(1);
  });

  it('may be closed by a listener of what the stream says', async () => {
    const { clock, service, allowlist } = await createStreaming();
    allowlist.on('changed', () => allowlist.close());
    service.tell('acme', { entries: [] });
    service.tell('acme', { entries: [APP] });
    await eventually(() => expect(allowlist.status().transport.state).toBe('closed'));
    expect(allowlist.decide(FROM_APP)).toMatchObject({ allowed: false, revision: 2 });
    await eventually(() => expect(clock.count()).toBe(0));
  });
});
