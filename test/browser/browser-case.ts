import type { AllowlistOptions } from '@origin-allowlist/client';
import type { PolicySettings } from '@origin-allowlist/client/core';

/**
 * One row: what is listed, which page asks for what, and what has to come of it through every server of its group. In texts `{port}`
 * is where pages are served, `{elsewhere}` a second port of theirs, `{api}` the server under test, `{other}` the same by another
 * name, which is another origin, and `{page}` the page itself.
 */
export interface BrowserCase {
  /** Completes "given …". */
  readonly title: string;
  /** The page that asks. */
  readonly page: string;
  /** Whether the page asks from a frame of its own with `sandbox="allow-scripts"`, whose origin is `null`. */
  readonly isSandboxed?: boolean;
  /** The patterns listed. */
  readonly list: readonly string[];
  /** Where the default policy differs from a new tenant's. */
  readonly policy?: Partial<PolicySettings>;
  /** Where the SDK's options differ from their defaults. */
  readonly options?: Pick<AllowlistOptions, 'publicOrigins'>;
  /** One after the other, each when the one before is over. */
  readonly asks: readonly Ask[];
  readonly expected: Measured;
}

/** What a page does. */
export type Ask =
  | ({ readonly by: 'fetch'; readonly url: string } & FetchSettings)
  /** Lets time pass, for what a browser does by its own clock. */
  | { readonly by: 'pause'; readonly ms: number }
  /** A form posted into a frame: a navigation, which CORS has no say in. */
  | { readonly by: 'form'; readonly url: string }
  | { readonly by: 'WebSocket'; readonly url: string }
  | { readonly by: 'Socket.IO'; readonly url: string; readonly transport: 'polling' | 'websocket' };

interface FetchSettings {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly credentials?: 'include';
  readonly mode?: 'no-cors' | 'same-origin';
}

/** What page and server saw. */
export interface Measured {
  /**
   * What the page learned, ask by ask: the status and the names of the `x-` headers of an answer it may read, `refused`, `opaque` (sent,
   * and not to be read by its own wish), `sent` for forms, `opened` for sockets, `later` for pauses.
   */
  readonly page: readonly string[];
  /** Preflights that reached the server. */
  readonly preflights: number;
  /** What reached the application: the method, which of some headers it came with, and whether its Origin was `null`. */
  readonly handled: readonly string[];
  /** Other requests that reached the server and not the application. Absent = none. */
  readonly stopped?: number;
}

/** A page that rows list, or leave out. */
export const SHOP = 'http://shop.acme.localhost:{port}';

/** A page of another site, which no row lists. */
export const EVIL = 'http://evil.localhost:{port}';
