import { createRequire } from 'node:module';
import { parse } from 'tldts';
import { withoutTrailingDot } from './host.js';

const tldts: { readonly version: string } = createRequire(import.meta.url)('tldts/package.json');

/** Which list the answers come from. The package does not tell the list's own date, but each of its releases holds one list. */
export const PUBLIC_SUFFIX_LIST_VERSION = `tldts ${tldts.version}`;

/** Where the names under a public suffix come from. */
export interface PublicSuffix {
  /** The suffix itself: `co.uk`, `vercel.app`. */
  readonly name: string;
  /** Listed by its owner (`vercel.app`), not by a registry (`co.uk`). */
  readonly isPrivate: boolean;
}

/**
 * The public suffix a host name is, or is under: a name below which anyone can get one. A single label counts as one whether
 * it is listed or not.
 *
 * @returns `undefined` for `localhost` and what is below it.
 */
export function publicSuffixOf(host: string): PublicSuffix | undefined {
  const { publicSuffix, isPrivate } = parse(withoutTrailingDot(host), TLDTS_OPTIONS);
  if (publicSuffix === null || publicSuffix === 'localhost') return undefined;
  return { name: publicSuffix, isPrivate: isPrivate === true };
}

/** Whether anyone can get a name straight below this one. */
export function isPublicSuffix(host: string): boolean {
  return publicSuffixOf(host)?.name === withoutTrailingDot(host);
}

/**
 * A public suffix further down a name that is none itself, as `s3.amazonaws.com` is below `amazonaws.com`: a wildcard at such a
 * name reaches every customer of the cloud. The list can only be asked about whole names, so this tries those that the large
 * clouds have; what it finds is really listed, what it does not find may still be there.
 */
export function publicSuffixBelow(host: string): string | undefined {
  const name = withoutTrailingDot(host);
  return SUFFIX_STEMS.map((stem) => `${stem}.${name}`).find((below) => isPublicSuffix(below));
}

/** Ends of names, from the private section: at AWS, AWS China, Azure, Fastly and Scaleway, each for the whole and for a region. */
const SUFFIX_STEMS = [
  's3',
  's3.cn-north-1',
  'lambda-url',
  'lambda-url.us-east-1',
  'auth',
  'auth.us-east-1',
  'blob',
  'blob.core',
  'a.ssl',
  'a',
  'k8s',
];

/** The host was parsed before: what tldts would do to make one out of any text can only go wrong. */
const TLDTS_OPTIONS = {
  allowPrivateDomains: true,
  detectIp: false,
  extractHostname: false,
  mixedInputs: false,
  validateHostname: false,
};
