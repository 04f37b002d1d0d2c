import { compileSnapshot, DEFAULT_POLICY, decide } from '@origin-allowlist/client/core';
import type { Library } from '../../src/migrate/configuration/library.js';
import { type Conversion, convertConfiguration } from '../../src/migrate/conversion.js';
import { type Answer, answerOf, type Probe } from './probe.js';

const OK = 200;

/** What our engine answers once a configuration is converted. */
export function ourAnswer(
  { policies, entries }: Pick<Conversion, 'policies' | 'entries'>,
  probe: Probe,
): Answer {
  const hasDefault = policies.some(({ name }) => name === 'default');
  const compiled = compileSnapshot({
    tenant: 'acme',
    lineage: '00000000-0000-4000-8000-000000000000',
    revision: 1,
    count: entries.length,
    // Every tenant has one.
    policies: hasDefault ? policies : [DEFAULT_POLICY, ...policies],
    entries,
  });
  const { headers } = probe;
  const decision = decide(
    {
      method: probe.method,
      target: probe.target ?? '/',
      origin: headers.origin,
      host: headers.host,
      requestMethod: headers['access-control-request-method'],
      requestHeaders: headers['access-control-request-headers'],
      requestPrivateNetwork: headers['access-control-request-private-network'],
    },
    compiled,
    0,
  );
  const vary = decision.vary.length === 0 ? [] : [['vary', decision.vary.join(', ')] as const];
  return answerOf(decision.status ?? OK, [...Object.entries(decision.headers), ...vary]);
}

/** A conversion in short: what tests say of most rows. */
export function converted(source: string, from?: Library) {
  const { policies, entries, findings, refused } = convertConfiguration(
    source,
    from === undefined ? {} : { from },
  );
  return {
    policies,
    entries,
    codes: [...new Set(findings.map(({ code }) => code))],
    refused: refused.map(({ code, text, resists, instead }) => ({ code, text, resists, instead })),
  };
}

/** An object as JavaScript source, expressions included. */
export function sourceOf(value: unknown): string {
  if (value instanceof RegExp) return String(value);
  if (Array.isArray(value)) return `[${value.map(sourceOf).join(', ')}]`;
  if (typeof value === 'function') return '(origin, callback) => callback(null, true)';
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined';
  const entries = Object.entries(value).map(([key, own]) => `${key}: ${sourceOf(own)}`);
  return `{ ${entries.join(', ')} }`;
}

/** Whom a conversion lets in, by path, and what it refuses: `COMPUTED PREFIX`. */
export function opened(source: string) {
  const { policies, entries, refused } = convertConfiguration(source);
  const byPath = policies.flatMap(({ name, paths, credentials }) => {
    const own = entries.filter(({ policies: names }) => names === undefined || names.includes(name));
    const patterns = own.map(({ pattern }) => (credentials ? `${pattern} with credentials` : pattern));
    return paths.map((path) => [path, patterns] as const);
  });
  return {
    opens: Object.fromEntries(byPath),
    refused: [...new Set(refused.map(({ code, text }) => `${code} ${text}`))],
  };
}
