import { parsePattern } from '@origin-allowlist/client/core';
import { type Slot, textOf } from './alternatives.js';
import { LIST_THEM, type Regex, resist } from './regex.js';
import type { RegexNode } from './regex-node.js';
import { allBelow, boundedName, originLetIn, portExample, reasonWith } from './suggestion.js';

/** Where a host stands, and what the expression says around it. */
export interface HostPlace {
  readonly regex: Regex;
  readonly scheme: string;
  /** As a pattern writes it. */
  readonly port: string;
  /** Whether the expression goes on behind. */
  readonly isOpen: boolean;
  /** All that the alternative lets in; examples are taken out of it. */
  readonly language: RegexNode;
}

/**
 * The host of a pattern for a text with wildcards: itself, `*.` before the rest, or one `*` inside the first label.
 *
 * @throws ResistanceError where the wildcard is the host, its end, or stands where a pattern can have none.
 */
export function hostPattern(place: HostPlace, slots: readonly Slot[]): string {
  const host = textOf(slots);
  if (host === '' || (place.isOpen && /[.-]$/.test(host))) return resistOpenHost(place, slots, host);
  // Nobody means the dot behind a whole name by a dot that is any character.
  if (slots.at(-1)?.isBareDot === true) return resistWildEnd(place, slots, host.length - 1);
  if (!host.includes('*')) return host;
  const first = host.indexOf('*');
  const last = host.lastIndexOf('*');
  const dot = host.indexOf('.', last);
  if (dot === -1 || dot === host.length - 1) return resistWildEnd(place, slots, last);
  const prefix = host.slice(0, first);
  const between = host.slice(first, last + 1);
  const suffix = host.slice(last + 1, dot);
  const parent = host.slice(dot + 1);
  if (prefix === '' && suffix === '' && /^[*.]+$/.test(between)) return `*.${parent}`;
  const isOneLabel = !prefix.includes('.') && !between.includes('.');
  const affix = `${prefix}*${suffix}.${parent}`;
  if (isOneLabel && parsePattern(`https://${affix}`).ok) return affix;
  return resistInside(place, slots, { label: `${prefix}*${suffix}`, parent, isOneLabel });
}

/** The expression ends, or goes on with anything, where a host has not ended. */
function resistOpenHost(place: HostPlace, slots: readonly Slot[], host: string): never {
  const { source } = place.regex;
  const end = slots.at(-1)?.span.end ?? source.length;
  const span = host === '' ? { start: 0, end: source.length } : { start: slots[0]?.span.start ?? 0, end };
  const example = exampleOf(place, `${host.replaceAll('*', 'x')}evil.example`);
  return resist(source, span, reasonWith('The host goes on as anyone likes', example), LIST_THEM);
}

/** `https://.*`, `https://app.[a-z]+`: whoever registers a name is let in. */
function resistWildEnd(place: HostPlace, slots: readonly Slot[], last: number): never {
  const host = textOf(slots);
  const name = host.slice(last + 1);
  const span = slots[last]?.span ?? { start: 0, end: 0 };
  const before = host.slice(0, last).replaceAll('*', 'x');
  const others = ['evil', '1', '.evil', ':8443'].map((text) => `${before}${text}${name}`);
  const example = exampleOf(place, ...others);
  const isWhole = /^[*.]+$/.test(host);
  const instead = isWhole ? `${LIST_THEM} To let everybody in, without credentials: *` : LIST_THEM;
  const bounded = name === '' ? undefined : boundedName(place.scheme, name + place.port);
  return resist(place.regex.source, span, reasonWith('It is how the host ends', example), bounded ?? instead);
}

function resistInside(
  place: HostPlace,
  slots: readonly Slot[],
  host: { readonly label: string; readonly parent: string; readonly isOneLabel: boolean },
): never {
  const { regex, scheme, port } = place;
  const { label, parent, isOneLabel } = host;
  const wild = slots.find(({ char }) => char === '*');
  const span = wild?.span ?? { start: 0, end: 0 };
  const wider = allBelow(scheme, parent, port);
  if (!isOneLabel) return resist(regex.source, span, 'A wildcard stands in the first label only.', wider);
  // `*example.com` is where most holes are: the star takes the dot that was forgotten.
  if (label.startsWith('*') && !label.endsWith('*')) {
    const name = `${label.slice(1)}.${parent}`;
    const reason = reasonWith('It may end in the middle of a name', exampleOf(place, `evil${name}`));
    return resist(regex.source, span, reason, boundedName(scheme, name + port));
  }
  const reason = `${label} is no wildcard: a * touches a - on every side that has text.`;
  return resist(regex.source, span, reason, wider);
}

/** An origin that is let in: at one of these hosts when there is one. */
function exampleOf({ scheme, port, language }: HostPlace, ...hosts: readonly string[]): string | undefined {
  const origins = hosts.map((host) => `${scheme}://${host}${portExample(port)}`);
  return originLetIn(language, origins);
}
