import { createHash, randomUUID } from 'node:crypto';
import { parsePattern } from '@origin-allowlist/client/core';
import { createKeyText } from '../../src/http/key-text.js';
import type { Scope } from '../../src/http/scopes.js';
import type { TestService } from './service.js';

/** A tenant with something of everything, or one that does not exist. */
export interface Subject {
  readonly tenantId: string;
  readonly slug: string;
  readonly lineage: string;
  readonly revision: number;
  readonly entryId: string;
  readonly pattern: string;
  readonly policyName: string;
  /** A silent one. */
  readonly instanceId: string;
  /** A key of this tenant only, which may write keys. */
  readonly keyId: string;
}

/** Stands in everything a tenant has, so that no answer to a stranger may contain it. */
export const MARK = 'classified';

/** What makes an entry one that a key for temporary entries may write, too. */
export const TEMPORARY = { ref: 'pr-7', expiresAt: new Date(Date.now() + 86_400_000).toISOString() };

const CONTEXT = { actor: 'admin-key', requestId: 'isolation' };

/** @param maker who has made its entry; default the admin key. */
export async function createSubject({ store, sql }: TestService, maker = CONTEXT.actor): Promise<Subject> {
  const tag = randomUUID().slice(0, 8);
  const slug = `t-${tag}`;
  const context = { ...CONTEXT, actor: maker };
  const { value: tenant } = await store.tenants.create({ slug, name: `${MARK} ${tag}` }, CONTEXT);
  const parsed = parsePattern(`https://${MARK}-${tag}.example.com`);
  if (!parsed.ok) throw new Error('no pattern');
  const fields = { ...TEMPORARY, note: MARK, labels: [MARK] };
  const { value: entry } = await store.entries.create(slug, { pattern: parsed.pattern, ...fields }, context);
  const policyName = `${MARK}-${tag}`;
  const settings = { paths: [`/${MARK}`], credentials: false, methods: [], allowedHeaders: [] };
  const { revision } = await store.policies.put(
    slug,
    policyName,
    { ...settings, exposedHeaders: [], privateNetwork: false, alwaysSend: false, enforcement: 'headers' },
    {},
    CONTEXT,
  );
  await store.instances.report(
    {
      ...{ keyId: 'key:of-sdk', instance: `${MARK}-${tag}`, transport: 'poll', onStale: 'serve' },
      ...{ maxStalenessMs: 86_400_000, applied: [{ slug, lineage: tenant.lineage, revision }] },
    },
    { tenantIds: null },
  );
  await sql(`UPDATE instances SET last_seen_at = last_seen_at - interval '1 hour' WHERE instance = $1`, [
    `${MARK}-${tag}`,
  ]);
  const [instance] = await sql('SELECT id FROM instances WHERE instance = $1', [`${MARK}-${tag}`]);
  const key = await createKey({ store }, ['keys:write'], [tenant.id]);
  return {
    ...{ tenantId: tenant.id, slug, lineage: tenant.lineage, revision, entryId: entry.id },
    ...{ pattern: entry.pattern, policyName, instanceId: instance?.id, keyId: key.id },
  };
}

/** One of which nothing exists. */
export function absentSubject(): Subject {
  const tag = randomUUID().slice(0, 8);
  return {
    ...{
      tenantId: randomUUID(),
      slug: `t-${tag}`,
      lineage: randomUUID(),
      revision: 3,
      entryId: randomUUID(),
    },
    ...{ pattern: `https://${MARK}-${tag}.example.com`, policyName: `${MARK}-${tag}` },
    ...{ instanceId: randomUUID(), keyId: randomUUID() },
  };
}

/** A key, past the API: only here a key can be bound to no tenant. */
export async function createKey(
  { store }: Pick<TestService, 'store'>,
  scopes: readonly Scope[],
  tenantIds: readonly string[] | null,
  expiresAt: string | null = null,
) {
  const text = createKeyText();
  const hash = createHash('sha256').update(text).digest('hex');
  const fields = { name: MARK, scopes, tenantIds, expiresAt, hash, prefix: text.slice(0, 12) };
  const { id } = await store.keys.create(fields, CONTEXT);
  return { id, text };
}

/** Looks into all tables there are, those that come later too. */
export interface Fingerprints {
  /** Of what they hold, or hold of one tenant. The same before and after a call = it has written nothing. */
  take(tenantId?: string): Promise<string>;
}

export async function openFingerprints({ sql }: TestService): Promise<Fingerprints> {
  const tables = await sql(
    `SELECT c.table_name AS name, bool_or(c.column_name = 'tenant_id') AS "isOfTenant",
       bool_or(c.column_name = 'last_used_at') AS "notesUse"
     FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
     WHERE table_schema = 'public' AND t.table_type = 'BASE TABLE' GROUP BY 1 ORDER BY 1`,
  );
  // A use of a key is noted, whatever comes of the call.
  const used = new Set(tables.filter(({ notesUse }) => notesUse).map(({ name }) => name));
  const row = (name: string) => (used.has(name) ? `(to_jsonb(t) - 'last_used_at')::text` : 't::text');
  // A sum needs no order: sorting rows by their text took most of the time of the whole matrix.
  const digest = (name: string, where = '') =>
    `SELECT '${name}' AS name, count(*) || ' ' || sum(hashtextextended(${row(name)}, 0)) AS held FROM "${name}" t ${where}`;
  // Refused writes are counted, and the counts written down in their own time.
  const ofAll = tables
    .map(({ name }) => digest(name, name === 'events' ? `WHERE action <> 'write.refused'` : ''))
    .join(' UNION ALL ');
  const ofTenant = tables
    .flatMap(({ name, isOfTenant }) => {
      if (name === 'tenants') return [digest(name, 'WHERE id = $1')];
      return isOfTenant ? [digest(name, 'WHERE tenant_id = $1')] : [];
    })
    .join(' UNION ALL ');
  return {
    async take(tenantId) {
      const rows = await (tenantId === undefined ? sql(ofAll) : sql(ofTenant, [tenantId]));
      return rows.map(({ name, held }) => `${name} ${held}`).join('\n');
    },
  };
}
