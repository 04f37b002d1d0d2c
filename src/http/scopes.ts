import { z } from 'zod';
import { KEY_SCOPES, type KeyScope } from '../store/store.js';

/** What a key may do. */
export type Scope = KeyScope;

export const ScopeSchema = z.enum(KEY_SCOPES).meta({
  id: 'Scope',
  description:
    '`origins:write-temporary`: only entries of the key’s own making that carry a `ref` and expire soon; `risks:accept`: to name in `acceptedRisks` what is not accepted yet. All of them: docs/keys.md.',
});

/** Either lets in to the writes of single entries; the store tells what the second may write there. */
export const ENTRY_WRITE_SCOPES = ['origins:write', 'origins:write-temporary'] as const;

const PRESET_NAMES = ['admin', 'editor', 'ci', 'viewer', 'sdk'] as const;
type Preset = (typeof PRESET_NAMES)[number];

const VIEWER = ['tenants:read', 'origins:read', 'evaluate', 'audit:read'] as const;

/**
 * Named sets of scopes, so that nobody has to know them all to make the usual key. An editor sees what a viewer sees and cannot
 * accept risks: that is for a second pair of eyes. What CI needs to see is in the answers to its own writes.
 */
export const PRESETS: Readonly<Record<Preset, readonly Scope[]>> = {
  admin: KEY_SCOPES,
  editor: [...VIEWER, 'origins:write', 'policies:write'],
  ci: ['origins:write-temporary'],
  viewer: VIEWER,
  sdk: ['sync', 'evaluate'],
};

export const PresetSchema = z.enum(PRESET_NAMES).meta({ id: 'Preset' });

/** Whether who holds `held` may grant `scope`: what it can do anyway counts as held. */
export function canGrant(held: ReadonlySet<Scope>, scope: Scope): boolean {
  return held.has(scope) || (scope === 'origins:write-temporary' && held.has('origins:write'));
}
