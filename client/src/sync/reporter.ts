import { jitter } from '../deps.js';
import { SDK_VERSION } from '../sdk-version.js';
import type { Settings } from '../settings.js';
import type { HttpCalls } from './http-call.js';
import type { SyncParts } from './loader.js';
import { versionOf } from './tenants.js';

/** Tells the service which versions requests are decided by. That it fails changes nothing here. */
export interface Reporter {
  /** The tenant is decided by another version. */
  moved(slug: string): void;
  /** Tells what has moved within 100 ms, at random: a writer, or who watches a rollout, waits for it. */
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
  /** What the service has not been told of. */
  const moved = new Set<string>();
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
    const isPart = isSoon;
    isSoon = false;
    reportIn(jitter(deps, INTERVAL_MS, JITTER));
    // The one under way may say too little: another follows it.
    isOverdue = isSending;
    // A service that wants to be left alone is.
    if (isSending || link.retryInMs() > 0) return;
    isSending = true;
    void send(isPart).finally(() => {
      isSending = false;
      if (isOverdue && link.state() !== 'closed') sendReport();
    });
  }

  /** @param isPart tells only what has moved; the whole, with what is not held any more, goes every 30 s. */
  async function send(isPart: boolean): Promise<void> {
    const applied = appliedNow(isPart);
    const told = [...moved];
    moved.clear();
    for (let start = 0; start === 0 || start < applied.length; start += MAX_REPORTED) {
      if (link.state() === 'closed') return;
      hasReported = true;
      const all = !isPart && applied.length <= MAX_REPORTED;
      const json = { ...head(), applied: applied.slice(start, start + MAX_REPORTED), all };
      const answer = await http.call('v1/report', { method: 'POST', json });
      if ('kind' in answer || answer.status !== 204) for (const slug of told) moved.add(slug);
    }
  }

  function appliedNow(isPart: boolean): readonly object[] {
    const held = tenants.all().filter(({ slug }) => !isPart || moved.has(slug));
    return held.map(({ slug, compiled }) => ({ slug, ...versionOf(compiled) }));
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
    moved: (slug) => void moved.add(slug),
    soon() {
      if (isSoon || link.state() === 'closed') return;
      isSoon = true;
      reportIn(Math.round(SOON_MS * deps.random()));
    },
    close() {
      cancelTimer?.();
      if (!hasReported) return;
      const json = { ...head(), applied: [], bye: true };
      void http.call('v1/report', { method: 'POST', json, timeoutMs: BYE_TIMEOUT_MS });
    },
  };
}
