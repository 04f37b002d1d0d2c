import { parsePattern } from '@origin-allowlist/client/core';
import type { Slot } from './alternatives.js';
import { LIST_THEM, type Regex, resist } from './regex.js';

/**
 * The host of a pattern for a text with wildcards: itself, `*.` before the rest, or one `*` inside the first label.
 *
 * @param scheme for examples.
 * @param isOpen whether the expression goes on behind.
 * @throws ResistanceError where the wildcard is the host, its end, or stands where a pattern can have none.
 */
export function hostPattern(regex: Regex, scheme: string, slots: readonly Slot[], isOpen: boolean): string {
  const host = slots.map(({ char }) => char).join('');
  if (host === '' || (isOpen && /[.-]$/.test(host))) return resistOpenHost(regex, scheme, slots, host);
  if (!host.includes('*')) return host;
  const first = host.indexOf('*');
  const last = host.lastIndexOf('*');
  const dot = host.indexOf('.', last);
  if (dot === -1) return resistWildEnd(regex, scheme, slots, last);
  const prefix = host.slice(0, first);
  const between = host.slice(first, last + 1);
  const suffix = host.slice(last + 1, dot);
  const parent = host.slice(dot + 1);
  if (prefix === '' && suffix === '' && /^[*.]+$/.test(between)) return `*.${parent}`;
  const isOneLabel = !prefix.includes('.') && !between.includes('.');
  const affix = `${prefix}*${suffix}.${parent}`;
  if (isOneLabel && parsePattern(`https://${affix}`).ok) return affix;
  return resistInside(regex, scheme, slots, { label: `${prefix}*${suffix}`, parent, isOneLabel });
}

/** The expression ends, or goes on with anything, where a host has not ended. */
function resistOpenHost(regex: Regex, scheme: string, slots: readonly Slot[], host: string): never {
  const { source } = regex;
  const end = slots.at(-1)?.span.end ?? source.length;
  const span = host === '' ? { start: 0, end: source.length } : { start: slots[0]?.span.start ?? 0, end };
  const example = `${scheme}://${host.replaceAll('*', 'x')}evil.example`;
  return resist(source, span, `The host goes on as anyone likes: ${example} is let in.`, LIST_THEM);
}

/** `https://.*`, `https://app.[a-z]+`: whoever registers a name is let in. */
function resistWildEnd(regex: Regex, scheme: string, slots: readonly Slot[], last: number): never {
  const host = slots.map(({ char }) => char).join('');
  const name = host.slice(last + 1);
  const span = slots[last]?.span ?? { start: 0, end: 0 };
  const example = `${scheme}://${host.slice(0, last).replaceAll('*', 'x')}evil${name}`;
  const isWhole = /^[*.]+$/.test(host);
  const instead = isWhole ? `${LIST_THEM} To let everybody in, without credentials: *` : LIST_THEM;
  return resist(regex.source, span, `It is how the host ends: ${example} is let in.`, instead);
}

function resistInside(
  regex: Regex,
  scheme: string,
  slots: readonly Slot[],
  host: { readonly label: string; readonly parent: string; readonly isOneLabel: boolean },
): never {
  const { label, parent, isOneLabel } = host;
  const wild = slots.find(({ char }) => char === '*');
  const span = wild?.span ?? { start: 0, end: 0 };
  if (!isOneLabel) {
    return resist(
      regex.source,
      span,
      'A wildcard stands in the first label only.',
      widerInstead(scheme, parent),
    );
  }
  // `*example.com` is where most holes are: the star takes the dot that was forgotten.
  if (label.startsWith('*') && !label.endsWith('*')) {
    const name = `${label.slice(1)}.${parent}`;
    const reason = `It may end in the middle of a name: ${scheme}://evil${name} is let in.`;
    return resist(regex.source, span, reason, boundedName(scheme, name));
  }
  const reason = `${label} is no wildcard: a * touches a - on every side that has text.`;
  return resist(regex.source, span, reason, widerInstead(scheme, parent));
}

function widerInstead(scheme: string, parent: string): string {
  const wider = `${scheme}://*.${parent}`;
  return parsePattern(wider).ok ? `${LIST_THEM} If all names below ${parent} are yours: ${wider}` : LIST_THEM;
}

/** A name and all below it, as patterns; `undefined` when it is no name. */
export function boundedName(scheme: string, name: string): string | undefined {
  if (name === 'localhost') return 'http://localhost:* and https://localhost:*';
  const both = [`${scheme}://${name}`, `${scheme}://*.${name}`];
  return both.every((pattern) => parsePattern(pattern).ok) ? both.join(' and ') : undefined;
}
