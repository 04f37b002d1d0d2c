import type { AllowlistRequest } from './decider.js';
import type { Settings } from './settings.js';

/**
 * The origins of the application's own pages, as far as can be told for a request: those it is configured with, and the one that the
 * request itself was sent to. That is the one a browser came by, whoever resolved its name: this is no defence against DNS rebinding.
 */
export function ownOriginsOf(
  { host, scheme, forwardedHost, forwardedProto }: AllowlistRequest,
  { publicOrigins, trustProxy }: Pick<Settings, 'publicOrigins' | 'trustProxy'>,
): readonly string[] {
  const own = originText(
    (trustProxy ? first(forwardedProto) : undefined) ?? scheme,
    (trustProxy ? first(forwardedHost) : undefined) ?? host,
  );
  return own === undefined ? publicOrigins : [...publicOrigins, own];
}

/** Each proxy adds its value at the end: the first is what the browser asked for. */
function first(value: string | readonly string[] | undefined): string | undefined {
  const text = typeof value === 'string' ? value : value?.[0];
  return text?.split(',', 1)[0]?.trim();
}

/** As browsers write it: lower case, without the port that the scheme has anyway. */
function originText(scheme: string | undefined, host: string | undefined): string | undefined {
  if (host === undefined || (scheme !== 'http' && scheme !== 'https')) return undefined;
  const port = scheme === 'https' ? ':443' : ':80';
  const name = host.toLowerCase();
  return `${scheme}://${name.endsWith(port) ? name.slice(0, -port.length) : name}`;
}
