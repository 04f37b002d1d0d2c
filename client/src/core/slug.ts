const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Whether a text can name a tenant: 1–63 of `a-z 0-9 -`, no hyphen at either end. Checked before any look-up or fetch. */
export function isSlug(text: string): boolean {
  return SLUG.test(text);
}

/** Whether a text can name a policy: the same form as a tenant's slug. */
export function isPolicyName(text: string): boolean {
  return SLUG.test(text);
}
