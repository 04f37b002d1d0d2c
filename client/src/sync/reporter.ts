import { jitter } from '../deps.js';
import { SDK_VERSION } from '../sdk-version.js';
import type { Settings } from '../settings.js';
import type { HttpCalls } from './http-call.js';
import type { SyncParts } from './loader.js';
import { versionOf } from './tenants.js';

/** Tells the service which versions requests are decided by. That it fails changes nothing here. */
export interface Reporter {
  /** Tells within 100 ms, at random: a writer, or who watches a rollout, waits for it. */
  soon(): void;
  /** Says good-bye, if the service knows of this client at all. */
  close(): void;
}

const INTERVAL_MS = 30_000;
const JITTER = 0.2;
const SOON_MS = 100;
/** Nobody waits for an answer to a good-bye, but an open call holds the process. */
const BYE_TIMEOUT_MS = 1_000;
/** Tenants in one report; more are told in several. */
const MAX_REPORTED = 1_000;

export function createReporter(
  settings: Settings,
  instance: string,
  http: HttpCalls,
  { tenants, link }: SyncParts,
): Reporter {
  const { deps, service, onStale, maxStalenessMs } = settings;
  let cancelTimer: (() => void) | undefined;
  let isSoon = false;
  let isSending = false;
  let isOverdue = false;
  let hasReported = false;

  function reportIn(delayMs: number): void {
    cancelTimer?.();
    cancelTimer = deps.after(delayMs, sendReport);
  }

  function sendReport(): void {
    isSoon = false;
    reportIn(jitter(deps, INTERVAL_MS, JITTER));
    // The one under way may say too little: another follows it.
    isOverdue = isSending;
    // A service that wants to be left alone is.
    if (isSending || link.retryInMs() > 0) return;
    isSending = true;
    void send().finally(() => {
      isSending = false;
      if (isOverdue && link.state() !== 'closed') sendReport();
    });
  }

  async function send(): Promise<void> {
    const applied = appliedNow();
    for (let start = 0; start === 0 || start < applied.length; start += MAX_REPORTED) {
      if (link.state() === 'closed') return;
      hasReported = true;
      const json = { ...head(), applied: applied.slice(start, start + MAX_REPORTED) };
      await http.call('v1/report', { method: 'POST', json });
    }
  }

  function appliedNow(): readonly object[] {
    return tenants.all().map(({ slug, compiled }) => ({ slug, ...versionOf(compiled) }));
  }

  function head(): object {
    return {
      instance,
      ...(service !== undefined && { service }),
      sdk: SDK_VERSION,
      transport: link.state() === 'streaming' ? 'stream' : 'poll',
      onStale,
      maxStalenessMs,
    };
  }

  return {
    soon() {
      if (isSoon || link.state() === 'closed') return;
      isSoon = true;
      reportIn(Math.round(SOON_MS * deps.random()));
    },
    close() {
      cancelTimer?.();
      if (!hasReported) return;
      const json = { ...head(), applied: appliedNow().slice(0, MAX_REPORTED), bye: true };
      void http.call('v1/report', { method: 'POST', json, timeoutMs: BYE_TIMEOUT_MS });
    },
  };
}
