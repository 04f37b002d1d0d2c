import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KEY_SCOPES, type KeyScope } from '../../src/store/store.js';
import { anonymous, methodsOf, routesOf, send, type Told } from './isolation-call.js';
import type { Row } from './isolation-row.js';
import { OPEN_ROUTES, ROWS } from './isolation-table.js';
import {
  absentSubject,
  createKey,
  createSubject,
  type Fingerprints,
  MARK,
  openFingerprints,
  type Subject,
} from './isolation-world.js';
import { openService, type TestService } from './service.js';

/** Whose key calls: the tenant's that is called own, one of two others, one of no tenant, one of all. */
type Reach = 'own' | 'others' | 'none' | 'all';
/** Which tenant it is about. */
type Name = 'own' | 'foreign' | 'absent';

const REACHES = ['own', 'others', 'none', 'all'] as const;
const UNKNOWN_KEY = 'oak_00000000000000000000000000000000000000000002qsU00';

let service: TestService;
let fingerprints: Fingerprints;
let subjects: Readonly<Record<Name, Subject>>;
/** A key for each reach and scope. */
const keys = new Map<string, string>();
let badKeys: readonly string[];

beforeAll(async () => {
  service = await openService({ rateLimits: { readsPerMinute: 1_000_000, writesPerMinute: 1_000_000 } });
  await service.app.listen({ host: '127.0.0.1', port: 0 });
  fingerprints = await openFingerprints(service);
  const [own, foreign] = [await createSubject(service), await createSubject(service)];
  const others = [await createSubject(service), await createSubject(service)];
  subjects = { own, foreign, absent: absentSubject() };
  const tenantIds = {
    own: [own.tenantId],
    others: others.map(({ tenantId }) => tenantId),
    none: [],
    all: null,
  };
  for (const reach of REACHES) {
    for (const scope of KEY_SCOPES) {
      keys.set(`${reach} ${scope}`, (await createKey(service, [scope], tenantIds[reach])).text);
    }
  }
  const revoked = await createKey(service, KEY_SCOPES, null);
  await service.store.keys.revoke(revoked.id, { actor: 'admin-key', requestId: 'isolation' });
  const expired = await createKey(service, KEY_SCOPES, null, '2020-01-01T00:00:00.000Z');
  badKeys = ['', 'not-a-key', UNKNOWN_KEY, revoked.text, expired.text];
});
afterAll(() => service.close());

describe('given the routes that the app has', () => {
  it('has a row for each, and none for one that is gone', () => {
    const routes = routesOf(service.app);
    expect(routes.length).toBeGreaterThan(30);
    const rows = new Set([...OPEN_ROUTES, ...ROWS.map(({ route }) => route)]);
    // Where two routes share a branch, the router knows its parameter by both names.
    const unnamed = (route: string) => route.replace(/:[^/]+/g, ':');
    expect([...rows].map(unnamed).sort()).toEqual(routes.map(unnamed).sort());
  });
});

describe.each(ROWS.map((row) => [[row.route, row.shape].join(' ').trim(), row] as const))('%s', (_, row) => {
  it('answers 401 without a good key, and writes nothing', async () => {
    const before = await fingerprints.take();
    for (const method of methodsOf(row)) {
      for (const key of badKeys) {
        const told = await send(service, row, { method, subject: subjects.own, key, isHidden: false });
        expect(told.status, `${method} with ${key}`).toBe(401);
      }
    }
    expect(await fingerprints.take()).toBe(before);
  });

  it('refuses every other scope and every tenant that the key may not see, and writes nothing', async () => {
    let refused = 0;
    for (const [reach, name] of pairsOf(row)) {
      const before = await fingerprints.take();
      for (const scope of KEY_SCOPES) {
        const expected = expectedOf(row, scope, reach, name);
        if (expected.status < 400) continue;
        refused += 1;
        for (const method of methodsOf(row)) {
          const key = keyOf(reach, scope);
          const told = await send(service, row, { method, subject: subjects[name], key, isHidden: true });
          const what = `${method} with ${scope} of ${reach} to ${name}`;
          expect(told.status, what).toBe(expected.status);
          if (method !== 'HEAD' && expected.code !== undefined) expect(told.code, what).toBe(expected.code);
        }
      }
      expect(await fingerprints.take(), `${reach} to ${name}`).toBe(before);
    }
    expect(refused).toBeGreaterThan(30);
  });

  it('lets in each scope it names, for tenants of the key, and leaves others as they are', async () => {
    for (const scope of row.scopes) {
      for (const reach of row.ofAllTenants ? (['all'] as const) : (['own', 'all'] as const)) {
        const caller = await createKey(service, [scope, ...(row.besides ?? [])], null);
        const subject = await createSubject(service, `key:${caller.id}`);
        if (reach === 'own') await bind(caller.id, subject.tenantId);
        const before = await fingerprints.take(subjects.foreign.tenantId);
        const [method] = methodsOf(row);
        const told = await send(service, row, { method, subject, key: caller.text, isHidden: false });
        expect(told.status, `${scope} of ${reach}: ${told.text}`).toBe(row.status ?? 200);
        expect(await fingerprints.take(subjects.foreign.tenantId)).toBe(before);
        if (reach === 'own') expectNoneOf(Object.values(subjects.foreign), told);
      }
    }
  });

  it('tells nothing of a tenant that the key may not see, not even whether there is one', async () => {
    const { foreign, absent } = subjects;
    const before = await fingerprints.take(foreign.tenantId);
    for (const reach of ['own', 'none'] as const) {
      for (const scope of KEY_SCOPES) {
        const [method] = methodsOf(row);
        const call = { method, key: keyOf(reach, scope), isHidden: true };
        const told = await send(service, row, { ...call, subject: foreign });
        // What a call is about it says itself.
        expectNoneOf(isAbout(row) ? [foreign.tenantId, MARK] : Object.values(foreign), told);
        if (!isAbout(row)) continue;
        const nothing = await send(service, row, { ...call, subject: absent });
        expect(anonymous(told, foreign), scope).toEqual(anonymous(nothing, absent));
        expect(told.status, scope).toBe(expectedOf(row, scope, reach, 'foreign').status);
      }
    }
    expect(await fingerprints.take(foreign.tenantId)).toBe(before);
  });
});

/** The rule: 401, then 404, then 403; a tenant that the body names is looked at after the scope. */
function expectedOf(
  row: Row,
  scope: KeyScope,
  reach: Reach,
  name: Name,
): { readonly status: number; readonly code?: string } {
  const isVisible = name !== 'absent' && (reach === 'all' || (reach === 'own' && name === 'own'));
  if (isInAddress(row) && !isVisible) return { status: 404, code: 'tenant_not_found' };
  const noScope = { status: 403, code: 'scope_missing' };
  if (!row.scopes.includes(scope) || (row.ofAllTenants && reach !== 'all')) return noScope;
  if (isAbout(row) && !isVisible) return { status: row.hidden ?? 404 };
  if (row.besides !== undefined) return noScope;
  return { status: row.status ?? 200 };
}

/** Whose key asks for which tenant. */
function pairsOf(row: Row): readonly (readonly [Reach, Name])[] {
  const own = REACHES.map((reach) => [reach, 'own'] as const);
  return isAbout(row) ? [...own, ['own', 'foreign'], ['own', 'absent'], ['all', 'absent']] : own;
}

function isInAddress(row: Row): boolean {
  return row.route.includes(':slug') || row.names === 'query';
}

/** Whether a call is about one tenant at all. */
function isAbout(row: Row): boolean {
  return isInAddress(row) || row.names === 'body';
}

function keyOf(reach: Reach, scope: KeyScope): string {
  const key = keys.get(`${reach} ${scope}`);
  if (key === undefined) throw new Error('no key');
  return key;
}

async function bind(keyId: string, tenantId: string): Promise<void> {
  await service.sql('UPDATE api_keys SET tenants = $2 WHERE id = $1', [keyId, [tenantId]]);
}

function expectNoneOf(values: readonly unknown[], { text }: Told): void {
  for (const value of values) if (typeof value === 'string') expect(text).not.toContain(value);
}
