import type { SnapshotSource } from '../../src/store/primary.js';
import type { TenantVersion } from '../../src/store/tenant-version.js';
import { snapshotAt } from './snapshot-fixture.js';

/** Stands where the database reads are, for tests that say when each of them answers, fails or hangs. */
export interface ScriptedPrimary extends SnapshotSource {
  /** What it holds: change it at will. */
  readonly tenants: Map<string, TenantVersion>;
  state: 'up' | 'refuses' | 'hangs';
  /** Every read, such as `versions acme` and `snapshot acme`. */
  readonly reads: string[];
}

/** A primary that is up and holds nothing. */
export function createScriptedPrimary(): ScriptedPrimary {
  const primary: ScriptedPrimary = {
    tenants: new Map(),
    state: 'up',
    reads: [],
    async readSnapshot(slug) {
      primary.reads.push(`snapshot ${slug}`);
      await answer();
      const version = primary.tenants.get(slug);
      return version && { tenantId: version.tenantId, snapshot: snapshotAt(slug, version) };
    },
    async readVersions(slugs) {
      primary.reads.push(`versions ${slugs.join(' ')}`);
      await answer();
      return slugs.flatMap((slug) => {
        const version = primary.tenants.get(slug);
        return version === undefined ? [] : [{ slug, ...version }];
      });
    },
  };
  async function answer(): Promise<void> {
    if (primary.state === 'refuses') throw new Error('connection refused');
    if (primary.state === 'hangs') await new Promise(() => {});
  }
  return primary;
}
