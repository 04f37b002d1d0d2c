/**
 * Adds members to a response's `Vary` without losing what is there: no member twice (compared without case), `*` stays `*`
 * (RFC 9110 §12.5.5). Merge when the headers are sent, not before: a handler's own `Vary` would erase an earlier one.
 *
 * @param existing what the response has: one value, several lines, or nothing.
 * @returns the new value; the empty string when there is nothing to send.
 */
export function mergeVary(existing: string | readonly string[] | undefined, add: readonly string[]): string {
  // Nearly always: nothing there, and one name to add.
  if (existing === undefined || existing.length === 0)
    return add.length === 1 ? (add[0] ?? '') : add.join(', ');
  const members = splitMembers(typeof existing === 'string' ? existing : existing.join(','));
  const seen = new Set<string>();
  const merged: string[] = [];
  for (const member of [...members, ...add]) {
    if (member === '*') return '*';
    const key = member.toLowerCase();
    if (seen.has(key)) continue;
    seen.add(key);
    merged.push(member);
  }
  return merged.join(', ');
}

function splitMembers(value: string): string[] {
  return value
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '');
}
