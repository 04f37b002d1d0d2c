import type { DiskCopies } from './disk.js';
import type { CopyHead } from './disk-format.js';
import type { CopyParts, CopyWriter } from './disk-writer.js';
import type { DiskRefusal, Emitter } from './events.js';
import type { Settings } from './settings.js';

/** Takes copies in. */
export type CopyReader = Pick<DiskCopies, 'use' | 'standBy'>;

/** A directory over the network may never answer, and the service must be asked again in its time. */
const READ_TIMEOUT_MS = 2_000;
const STAND_BY_MS = 1_000;
/** How far the clock of this machine may be behind the service's while it has not been heard since the start. */
const MAX_AHEAD_MS = 300_000;

export function createCopyReader(
  { deps, maxStalenessMs }: Settings,
  events: Emitter,
  parts: CopyParts & { readonly writer: CopyWriter },
): CopyReader {
  const { folder, format, tenants, serverClock, writer } = parts;
  const underWay = new Map<string, Promise<void>>();
  /** One file at a time: reads that hang hold threads, of which a process has few. */
  let last = Promise.resolve();
  let isHanging = false;

  async function read(slug: string, isWanted: () => boolean): Promise<void> {
    await writer.listed;
    if (isHanging || !writer.has(slug) || !isWanted()) return;
    try {
      const bytes = await folder.read(slug);
      if (bytes === undefined || !isWanted()) return;
      const copy = format.decode(bytes, slug);
      const problem = copy === undefined ? 'not_genuine' : ageProblem(copy.head);
      if (copy === undefined || problem !== undefined) return refuse(slug, problem ?? 'not_genuine');
      take(copy);
    } catch {
      refuse(slug, 'unreadable');
    }
  }

  function take({ head, compiled }: NonNullable<ReturnType<typeof format.decode>>): void {
    const { tenant, lineage, revision } = head;
    const ageMs = ageOf(head);
    // A list cannot have been confirmed later than now.
    tenants.take(compiled, undefined, deps.now() - Math.max(0, ageMs));
    events.emit('disk', { outcome: 'used', tenant, lineage, revision, ageMs });
  }

  function ageOf({ confirmedAtMs }: CopyHead): number {
    return deps.now() + serverClock.offsetMs() - confirmedAtMs;
  }

  function ageProblem(head: CopyHead): DiskRefusal | undefined {
    const ageMs = ageOf(head);
    if (ageMs > maxStalenessMs) return 'too_old';
    return ageMs < -MAX_AHEAD_MS ? 'of_the_future' : undefined;
  }

  function refuse(tenant: string, reason: DiskRefusal): void {
    writer.distrust(tenant);
    events.emit('disk', { outcome: 'refused', tenant, reason });
  }

  function use(slug: string, isWanted: () => boolean): Promise<void> {
    const shared = underWay.get(slug);
    if (shared !== undefined) return shared;
    if (isHanging) return Promise.resolve();
    last = last.then(() => read(slug, () => !isHanging && isWanted()));
    const reading = inTime(last).finally(() => underWay.delete(slug));
    underWay.set(slug, reading);
    return reading;
  }

  function inTime(reading: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const cancel = deps.after(READ_TIMEOUT_MS, () => {
        isHanging = true;
        const detail = `The directory has not answered within ${READ_TIMEOUT_MS} ms; no copy is read any more.`;
        events.emit('disk', { outcome: 'failed', detail });
        resolve();
      });
      void reading.then(() => {
        cancel();
        resolve();
      });
    });
  }

  return {
    use,
    standBy: (slug, isWanted) => deps.after(STAND_BY_MS, () => void use(slug, isWanted)),
  };
}
