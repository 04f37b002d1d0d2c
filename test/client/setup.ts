import { type Allowlist, type AllowlistOptions, createAllowlist } from '@origin-allowlist/client';
import { expect, onTestFinished, vi } from 'vitest';
import { createFakeClock, type FakeClock } from './fake-clock.js';
import { type FakeService, startFakeService } from './fake-service.js';

/** Real HTTP, a clock that stands still, and what a test closes by itself at its end. */
export interface Setup {
  readonly clock: FakeClock;
  readonly service: FakeService;
  /** Without a stream, unless `stream` is true. */
  create(options?: Partial<AllowlistOptions>): Allowlist;
}

/** @param options.serviceAheadMs how far the service's clock is ahead of the client's. */
export async function createSetup({ serviceAheadMs = 0 } = {}): Promise<Setup> {
  const clock = createFakeClock();
  const service = await startFakeService(() => clock.now() + serviceAheadMs);
  onTestFinished(() => service.close());
  return {
    clock,
    service,
    create(options = {}) {
      const { url, key } = service;
      const allowlist = createAllowlist({
        url,
        key,
        tenant: 'acme',
        stream: false,
        deps: clock.deps,
        ...options,
      });
      onTestFinished(() => allowlist.close());
      return allowlist;
    },
  };
}

/** Waits until all calls have ended and nothing is due but in exactly these times, the next poll as a rule. */
export async function settled(clock: FakeClock, ...timersMs: readonly number[]): Promise<void> {
  await vi.waitFor(() => expect(clock.pending()).toEqual(timersMs), { interval: 1 });
}

/** Waits until `check` no longer throws. */
export async function eventually(check: () => void): Promise<void> {
  await vi.waitFor(check, { interval: 1 });
}

/** A client that decides by a list of one entry and has its stream. */
export async function createStreaming(options: Partial<AllowlistOptions> = {}) {
  const setup = await createSetup();
  const { lineage } = setup.service.write('acme', { entries: [{ pattern: 'https://app.example.com' }] });
  const allowlist = setup.create({ stream: true, ...options });
  await streaming(allowlist);
  return { ...setup, allowlist, lineage };
}

/** Waits until the client has a stream. */
export async function streaming(allowlist: Allowlist): Promise<void> {
  await eventually(() => expect(allowlist.status().transport.state).toBe('streaming'));
}
