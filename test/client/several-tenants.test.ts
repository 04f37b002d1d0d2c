import { describe, expect, it } from 'vitest';
import { createSetup, settled } from './setup.js';

const APP = { pattern: 'https://app.example.com' };
const tenant = ({ host }: { readonly host: string | undefined }) => host?.split('.')[0];
const fromApp = (host: string) => ({ method: 'GET', target: '/', origin: 'https://app.example.com', host });

describe('given several tenants told by a resolver', () => {
  it('asks for all versions in one call and loads only those that differ', async () => {
    const { clock, service, create } = await createSetup();
    for (const slug of ['acme', 'globex', 'initech']) service.write(slug, { entries: [APP] });
    const allowlist = create({ tenant });
    await settled(clock, 30_000);
    for (const slug of ['acme', 'globex', 'initech']) await allowlist.decide(fromApp(`${slug}.example`));
    service.write('globex', { entries: [] });
    const before = service.calls().length;
    clock.advance(30_000);
    await settled(clock, 30_000);
    expect(service.calls().slice(before)).toEqual(['POST /v1/versions', 'GET /v1/snapshot?tenant=globex']);
    expect(allowlist.decide(fromApp('acme.example'))).toMatchObject({ allowed: true, tenant: 'acme' });
    expect(allowlist.decide(fromApp('globex.example'))).toMatchObject({ allowed: false, revision: 2 });
    expect(allowlist.status().tenants.map(({ ageMs }) => ageMs)).toEqual([0, 0, 0]);
  });

  it('asks for the snapshot itself while it holds a single one', async () => {
    const { clock, service, create } = await createSetup();
    service.write('acme', { entries: [APP] });
    const allowlist = create({ tenant });
    await settled(clock, 30_000);
    await allowlist.decide(fromApp('acme.example'));
    const before = service.calls().length;
    clock.advance(30_000);
    await settled(clock, 30_000);
    expect(service.calls().slice(before)).toEqual(['GET /v1/snapshot?tenant=acme']);
  });

  it('drops one that is gone and keeps the others', async () => {
    const { clock, service, create } = await createSetup();
    for (const slug of ['acme', 'globex']) service.write(slug, { entries: [APP] });
    const allowlist = create({ tenant });
    await settled(clock, 30_000);
    for (const slug of ['acme', 'globex']) await allowlist.decide(fromApp(`${slug}.example`));
    service.remove('acme');
    clock.advance(30_000);
    await settled(clock, 30_000);
    expect(allowlist.decide(fromApp('acme.example'))).toMatchObject({ reason: 'tenant_unknown' });
    expect(allowlist.decide(fromApp('globex.example'))).toMatchObject({ allowed: true });
  });

  it('loads another lineage, also of a lower revision, and passes over a lower revision of the same', async () => {
    const { clock, service, create } = await createSetup();
    const oldAcme = service.write('acme', { entries: [APP] });
    service.write('acme', { entries: [] });
    service.write('globex', { entries: [] });
    const globex = service.write('globex', { entries: [] });
    const allowlist = create({ tenant });
    await settled(clock, 30_000);
    for (const slug of ['acme', 'globex']) await allowlist.decide(fromApp(`${slug}.example`));
    service.show(oldAcme);
    const lineage = '33333333-3333-4333-8333-333333333333';
    service.show({ ...globex, lineage, revision: 1, count: 1, entries: [APP] });
    const before = service.calls().length;
    clock.advance(30_000);
    await settled(clock, 30_000);
    expect(service.calls().slice(before)).toEqual(['POST /v1/versions', 'GET /v1/snapshot?tenant=globex']);
    expect(allowlist.decide(fromApp('acme.example'))).toMatchObject({ allowed: false, revision: 2 });
    expect(allowlist.decide(fromApp('globex.example'))).toMatchObject({ allowed: true, lineage });
  });

  it('keeps deciding by all of them when the versions call fails', async () => {
    const { clock, service, create } = await createSetup();
    for (const slug of ['acme', 'globex']) service.write(slug, { entries: [APP] });
    const allowlist = create({ tenant });
    await settled(clock, 30_000);
    for (const slug of ['acme', 'globex']) await allowlist.decide(fromApp(`${slug}.example`));
    service.override((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"versions":{"acme":null}}');
      return 'answered';
    });
    clock.advance(30_000);
    await settled(clock, 1_000);
    expect(allowlist.decide(fromApp('acme.example'))).toMatchObject({ allowed: true });
    expect(allowlist.status().transport.lastProblem?.code).toBe('body_invalid');
  });

  it('holds at most maxTenants lists: the least recently used goes', async () => {
    const { clock, service, create } = await createSetup();
    for (const slug of ['acme', 'globex', 'initech']) service.write(slug, { entries: [APP] });
    const allowlist = create({ tenant, maxTenants: 2 });
    await settled(clock, 30_000);
    await allowlist.decide(fromApp('acme.example'));
    clock.advance(1);
    await allowlist.decide(fromApp('globex.example'));
    clock.advance(1);
    await allowlist.decide(fromApp('acme.example'));
    clock.advance(1);
    await allowlist.decide(fromApp('initech.example'));
    expect(allowlist.status().tenants.map((held) => held.tenant)).toEqual(['acme', 'initech']);
    expect(allowlist.status().counters.listsEvicted).toBe(1);
  });

  it('drops one that no request asked for in an hour', async () => {
    const { clock, service, create } = await createSetup();
    for (const slug of ['acme', 'globex']) service.write(slug, { entries: [APP] });
    const allowlist = create({ tenant, pollIntervalMs: 3_600_000 });
    await settled(clock, 3_600_000);
    for (const slug of ['acme', 'globex']) await allowlist.decide(fromApp(`${slug}.example`));
    clock.advance(1_000);
    void allowlist.decide(fromApp('globex.example'));
    clock.advance(3_599_000);
    await settled(clock, 3_600_000);
    clock.advance(3_600_000);
    await settled(clock, 3_600_000);
    expect(allowlist.status().tenants).toEqual([]);
  });
});
