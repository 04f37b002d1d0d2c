import { exampleOrigins } from './example-origin.js';
import { type Finding, riskFinding } from './finding.js';
import { isLoopback } from './host.js';
import type { HostPattern, LintContext } from './lint-context.js';
import { isPublicName } from './private-name.js';

/** What there is to say of a pattern's scheme. */
export function schemeFindings(pattern: HostPattern, context: LintContext): readonly Finding[] {
  const { scheme } = pattern;
  if (scheme === 'https') return [];
  if (scheme === 'http') return isLoopback(pattern) ? [] : [insecureFinding(pattern, context)];
  const text = `${scheme}:`;
  if (EXTENSION_SCHEMES.has(scheme)) {
    const detail =
      scheme === 'moz-extension'
        ? 'Firefox makes this id anew for each installation of an extension, so it lets in one browser.'
        : 'The extension with this id is let in on every page its user has open.';
    return [riskFinding('EXTENSION_ORIGIN', { text, detail }), ...extensionPortFindings(pattern)];
  }
  if (APP_SCHEMES.has(scheme)) {
    const detail = 'Any app on a device can use this scheme and host: it does not tell yours from another.';
    return [riskFinding('APP_SCHEME', { text, detail, examples: exampleOrigins(pattern) })];
  }
  const detail = `Browsers run no pages from ${scheme}:, so this probably lets nobody in.`;
  return [riskFinding('UNUSUAL_SCHEME', { text, detail })];
}

/** An extension's pages have an id and no port, so with one the pattern lets in nobody, or nobody more. */
function extensionPortFindings({ text, port, anyPort }: HostPattern): readonly Finding[] {
  if (port === undefined && !anyPort) return [];
  const portText = text.slice(text.lastIndexOf(':'));
  const detail = 'Pages of an extension have no port.';
  return [riskFinding('UNUSUAL_SCHEME', { text: portText, detail, fix: text.slice(0, -portText.length) })];
}

/** Schemes of pages that belong to a browser extension. */
const EXTENSION_SCHEMES = new Set([
  'chrome-extension',
  'extension',
  'moz-extension',
  'ms-browser-extension',
  'safari-extension',
  'safari-web-extension',
]);

/** Default schemes of the toolkits that pack web pages into apps, from their documentation; a warning each, so guesses cost little. */
const APP_SCHEMES = new Set([
  'app', // Electron by custom, Cordova iOS, Obsidian
  'capacitor',
  'capacitor-electron',
  'cordova',
  'electron',
  'ionic',
  'ms-appx',
  'ms-appx-web',
  'tauri',
  'vscode-file',
  'vscode-webview',
  'wails',
]);

function insecureFinding(pattern: HostPattern, { credentials }: LintContext): Finding {
  const fix = secureForm(pattern);
  return riskFinding(credentials ? 'INSECURE_WITH_CREDENTIALS' : 'INSECURE_SCHEME', {
    text: 'http:',
    detail: credentials
      ? 'Whoever is on the network path can answer as this origin, and act as the signed-in user.'
      : 'Whoever is on the network path can answer as this origin.',
    examples: exampleOrigins(pattern),
    ...(fix !== undefined && { fix }),
  });
}

/** The same by https, where it is evident that it exists: not on a port of its own, not for a host without certificates. */
function secureForm(pattern: HostPattern): string | undefined {
  if (pattern.port !== undefined || pattern.anyPort || !isPublicName(pattern)) return undefined;
  return pattern.text.replace('http:', 'https:');
}
