/** What a key may do. The one list: the API's schema is made of it. */
export const KEY_SCOPES = [
  'tenants:read',
  'tenants:write',
  'origins:read',
  'origins:write',
  'origins:write-temporary',
  'policies:write',
  'risks:accept',
  'evaluate',
  'sync',
  'audit:read',
  'keys:write',
] as const;

export type KeyScope = (typeof KEY_SCOPES)[number];

export function isKeyScope(text: string): text is KeyScope {
  return KEY_SCOPES.some((scope) => scope === text);
}
