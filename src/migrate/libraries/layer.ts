import type { PolicySettings } from '@origin-allowlist/client/core';
import type { Configuration } from '../configuration/configuration.js';
import { LIBRARY_OPTIONS, type Library } from '../configuration/library.js';
import type { Written } from '../literal/value.js';
import { type Report, tell } from '../report.js';
import { refuseValue } from './option-value.js';

/** One use of a library, converted: a policy without a name and the patterns that are for it. */
export interface Layer {
  readonly settings: PolicySettings;
  readonly patterns: readonly string[];
  readonly written: Written;
  /** Whether only answers to OPTIONS carried its headers. */
  readonly isPreflightOnly?: boolean;
}

/** What every converter is given. */
export interface LayerSource {
  readonly configuration: Configuration;
  /** In a policy's form; the whole app when nothing says otherwise. */
  readonly paths: readonly string[];
  readonly report: Report;
}

/** What most libraries leave open: methods and headers that are not listed, nothing that is sent unasked. */
export const PLAIN_SETTINGS = {
  credentials: false,
  methods: [],
  allowedHeaders: [],
  exposedHeaders: [],
  privateNetwork: false,
  alwaysSend: false,
  enforcement: 'headers',
} as const satisfies Partial<PolicySettings>;

/** Every request header, as a library that sends back what is asked for allows: `*` alone leaves out Authorization. */
export const ALL_HEADERS: readonly string[] = ['*', 'authorization'];

/** Tells of options that the library does not know, and refuses those that the source takes from elsewhere. */
export function checkOptionNames(library: Library, { configuration, report }: LayerSource): void {
  const { values, unknown } = configuration.options;
  for (const value of unknown) refuseValue(report, value);
  const known = LIBRARY_OPTIONS[library];
  for (const name of values.keys()) {
    if (known.includes(name)) continue;
    const near = known.find((own) => simple(own) === simple(name));
    const detail = `${library} has no option ${name}, so it had no effect${near === undefined ? '' : `; ${near} may be meant`}.`;
    tell(report, name, 'UNKNOWN_OPTION', detail);
  }
}

/** `allowHeaders`, `allowedHeaders` and `allow_headers` are easily taken for one another. */
function simple(name: string): string {
  return name.toLowerCase().replaceAll(/_|s$|ed(?=header)/g, '');
}
