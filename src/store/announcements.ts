import type { DeltaOperation } from '@origin-allowlist/client/core';
import { z } from 'zod';
import type { Logger } from '../log.js';
import type { TenantNews } from './feed.js';
import type { Seal } from './node-secret.js';
import type { RedisConnection } from './redis-connection.js';

const CHANNEL = 'origin-allowlist:announcements';

// The fields this node goes by. What the operations say is for those who apply them to check; that a node said so, the seal shows:
// a delta goes to SDKs as it is, and who can write to Redis must not be able to allow an origin.
const DeltaSchema = z.object({
  from: z.number().int().positive(),
  to: z.number().int().positive(),
  count: z.number().int().nonnegative(),
  ops: z.array(z.custom<DeltaOperation>((value) => typeof value === 'object' && value !== null)),
});

const AnnouncementSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('tenant'),
    move: z.object({
      tenantId: z.string(),
      slug: z.string(),
      lineage: z.string(),
      revision: z.number().int().positive(),
      deleted: z.boolean(),
    }),
    delta: DeltaSchema.optional(),
    ack: z.boolean().default(false),
  }),
  z.object({ kind: z.literal('key'), hash: z.string() }),
  z.object({ kind: z.literal('report'), tenantIds: z.array(z.string()) }),
]);
type Announcement =
  | ({ readonly kind: 'tenant' } & TenantNews)
  | { readonly kind: 'key'; readonly hash: string }
  | { readonly kind: 'report'; readonly tenantIds: readonly string[] };

/** What is done with news from other nodes, and with this node's own, which come back too. */
export interface AnnouncementListeners {
  readonly onTenantMoved: (news: TenantNews) => void;
  /** A key was revoked or rotated; `hash` as the store keeps it. */
  readonly onKeyChanged: (hash: string) => void;
  /** Instances told of versions that they have applied. Sent only while a writer waits for it. */
  readonly onReported: (tenantIds: readonly string[]) => void;
}

/**
 * Hints to every node that something was committed. Any of them may be lost, doubled, late or out of order: listeners
 * only drop what they hold, or tell their followers, and the version check finds what no hint told. Signed: one that no node of
 * this database has sent is ignored.
 */
export interface Announcements {
  /** Sent before the call returns; a failure is Redis' to report. */
  tenantMoved(news: TenantNews): void;
  keyChanged(hash: string): void;
  reported(tenantIds: readonly string[]): void;
}

/** Subscribes to the channel and gives the means to publish on it. */
export function openAnnouncements(
  redis: RedisConnection,
  seal: Seal,
  listeners: AnnouncementListeners,
  log: Logger,
): Announcements {
  redis.subscribe(CHANNEL, (sealed) => {
    const text = seal.open(sealed);
    const announcement = text === undefined ? undefined : parseAnnouncement(text);
    if (announcement === undefined)
      log.debug({ text: sealed.slice(0, 200) }, 'ignored a message that is no announcement of ours');
    else if (announcement.kind === 'key') listeners.onKeyChanged(announcement.hash);
    else if (announcement.kind === 'report') listeners.onReported(announcement.tenantIds);
    else {
      const { kind: _kind, ...news } = announcement;
      listeners.onTenantMoved(news);
    }
  });

  function publish(announcement: Announcement): void {
    void redis.attempt((client) => client.publish(CHANNEL, seal.close(JSON.stringify(announcement))));
  }

  return {
    tenantMoved: (news) => publish({ kind: 'tenant', ...news }),
    keyChanged: (hash) => publish({ kind: 'key', hash }),
    reported: (tenantIds) => publish({ kind: 'report', tenantIds }),
  };
}

/** `undefined` for anything a node of this version does not understand, such as a kind that a newer one sends. */
function parseAnnouncement(text: string): Announcement | undefined {
  try {
    return AnnouncementSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
