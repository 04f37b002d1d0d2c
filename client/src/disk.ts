import { createDiskFolder } from './disk-folder.js';
import { createCopyFormat } from './disk-format.js';
import { createCopyReader } from './disk-reader.js';
import { createCopyWriter } from './disk-writer.js';
import type { Emitter } from './events.js';
import type { Settings } from './settings.js';
import type { ServerClock } from './sync/server-clock.js';
import type { Tenants } from './sync/tenants.js';

/** The last good list of each tenant on disk, for a start while the service cannot be reached. */
export interface DiskCopies {
  /** Whether there is one that was not found useless; true as well until the directory was read. */
  has(slug: string): boolean;
  /**
   * Takes the copy in, if it is good and young enough. Resolves within seconds, whatever the disk does. Never rejects.
   *
   * @param isWanted is asked once more when the copy was read: the service may have answered meanwhile.
   */
  use(slug: string, isWanted: () => boolean): Promise<void>;
  /**
   * Does so in a second: a service that does not answer need not be waited for until the call times out.
   *
   * @returns cancels it.
   */
  standBy(slug: string, isWanted: () => boolean): () => void;
  /** The tenant is decided by another version: it is written, some time soon. */
  changed(slug: string): void;
  /** The service says there is no such tenant: its copy is removed. */
  gone(slug: string): void;
  /** Writes what is not written yet; that holds the process. */
  close(): void;
}

/** Without a directory. */
const NO_COPIES: DiskCopies = {
  has: () => false,
  use: () => Promise.resolve(),
  standBy: () => () => {},
  changed: () => {},
  gone: () => {},
  close: () => {},
};

export function createDiskCopies(
  settings: Settings,
  instance: string,
  events: Emitter,
  parts: { readonly tenants: Tenants; readonly serverClock: ServerClock },
): DiskCopies {
  const { cacheDirectory } = settings;
  if (cacheDirectory === undefined) return NO_COPIES;
  const folder = createDiskFolder(cacheDirectory, instance);
  const files = { folder, format: createCopyFormat(settings) };
  const writer = createCopyWriter(settings, events, { ...parts, ...files });
  const reader = createCopyReader(settings, events, { ...parts, ...files, writer });
  return { ...reader, ...writer };
}
