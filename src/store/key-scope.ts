/** What a key may do. */
const KEY_SCOPES = [
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

export type KeyScope = (typeof KEY_SCOPES)[number];

export function isKeyScope(text: string): text is KeyScope {
  return KEY_SCOPES.some((scope) => scope === text);
}
