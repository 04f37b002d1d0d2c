import { z } from 'zod';

/** What a key may do. */
export const SCOPES = [
  'tenants:read',
  'tenants:write',
  'origins:read',
  'origins:write',
  'policies:write',
  'evaluate',
  'sync',
  'audit:read',
  'keys:write',
] as const;

export const ScopeSchema = z.enum(SCOPES).meta({ id: 'Scope' });
export type Scope = z.infer<typeof ScopeSchema>;

/** Named sets of scopes, so that nobody has to know them all to make the usual key. */
export const PRESETS = {
  admin: SCOPES,
  sdk: ['sync', 'evaluate'],
} as const satisfies Readonly<Record<string, readonly Scope[]>>;

export const PresetSchema = z.enum(['admin', 'sdk']).meta({ id: 'Preset' });
