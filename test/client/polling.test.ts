import { describe, expect, it } from 'vitest';
import { createSetup, settled } from './setup.js';

const APP = { pattern: 'https://app.example.com' };
const GET_FROM_APP = { method: 'GET', target: '/', origin: 'https://app.example.com' };
const SNAPSHOT_CALL = 'GET /v1/snapshot?tenant=acme';

describe('given one tenant by name', () => {
  it('loads its list at once and decides by it without a promise', async () => {
    const { clock, service, create } = await createSetup();
    service.write('acme', { entries: [APP] });
    const allowlist = create();
    await settled(clock, 30_000);
    expect(service.calls()).toEqual([SNAPSHOT_CALL]);
    expect(allowlist.decide(GET_FROM_APP)).toMatchObject({ allowed: true, tenant: 'acme', revision: 1 });
  });
});
