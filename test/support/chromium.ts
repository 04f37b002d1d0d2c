import { type Browser, chromium } from 'playwright-core';
import { chromiumPath } from './requirements.js';

/** Chromium without a sandbox of its own (tests run as root in containers) and without calls to its maker. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
  '--no-proxy-server',
];

/** Starts a browser; only inside `describeWithChromium`. Every name below `localhost` resolves in it. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath(), chromiumSandbox: false, args: ARGUMENTS });
}
