import type { Delta } from '@origin-allowlist/client/core';
import type { Logger } from '../log.js';
import { inTurns } from '../turns.js';
import { MAX_DELTA_OPERATIONS, type TenantDelta } from './delta.js';
import type { Primary } from './primary.js';
import type { TenantMove, TenantVersion } from './tenant-version.js';
import { isInScope, type TenantScope } from './tenants.js';

/** What a follower of a tenant is told. One object for all who are told the same. */
export type FeedEvent =
  | ({ readonly kind: 'delta'; readonly ack: boolean } & Delta)
  | { readonly kind: 'resync'; readonly tenant: string; readonly ack: boolean }
  | { readonly kind: 'gone'; readonly tenant: string };

/** What a follower holds of a tenant; `null` = nothing. */
export interface FollowedTenant {
  readonly slug: string;
  readonly version: { readonly lineage: string; readonly revision: number } | null;
}

/** Somebody who follows tenants. */
export interface Following {
  /** How long ago it was known from Postgres that nothing was missed; `undefined` until everything was compared once. */
  checkedAgeMs(): number | undefined;
  stop(): void;
}

/** A write of which this node has heard. */
export interface TenantNews {
  readonly move: TenantMove;
  /** What it did, where that is little enough to be carried along. */
  readonly delta?: TenantDelta | undefined;
  /** Whether those who apply it are asked to say so at once. */
  readonly ack: boolean;
}

/**
 * Tells followers of every step of their tenants, in order and without gaps. News may be lost, doubled or reordered: a
 * follower who would miss a step is brought up to date from the trail, and each check compares with Postgres.
 */
export interface Feed {
  /** Tells `listener` from now on of what goes on from these versions. The listener must not throw. */
  follow(
    tenants: readonly FollowedTenant[],
    scope: TenantScope,
    listener: (event: FeedEvent) => void,
  ): Following;
  /** News of one write, from this node or another. */
  hear(news: TenantNews): void;
  /** Compares all that is followed with Postgres. Rejects when Postgres does not answer. */
  check(): Promise<void>;
}

/** What {@link createFeed} reads from. */
export interface FeedOptions {
  readonly primary: Pick<Primary, 'probeVersions'>;
  readonly readDelta: (from: TenantVersion & { readonly from: number }) => Promise<TenantDelta | undefined>;
  readonly log: Logger;
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
}

const TENANTS_PER_STATEMENT = 5_000;
/** Replays read at once; the rest of the pool's connections stay with the writes. */
const MAX_REPLAYS_AT_ONCE = 4;
/** How long a writer may wait for its write to be applied: until then replays ask for an answer too. */
const ACK_WINDOW_MS = 60_000;

/** One tenant of one follower. */
interface Follower {
  /** Where the follower is, or will be with what it was told; `null` = it has no such tenant. */
  version: FollowedTenant['version'];
  isCompared: boolean;
  readonly scope: TenantScope;
  readonly tell: (event: FeedEvent) => void;
}

/** Those who follow one slug. */
interface Followed {
  readonly followers: Set<Follower>;
  /** Counts the news, so that a read that news overtook is not believed. */
  heard: number;
  /** Until then somebody may wait for what is told. */
  ackUntilMs: number;
}

export function createFeed({ primary, readDelta, log, now }: FeedOptions): Feed {
  const tenants = new Map<string, Followed>();
  /** Slugs to compare; those that come while a comparison runs are compared after it. */
  const due = new Set<string>();
  let isComparing = false;
  let checkedAtMs: number | undefined;

  function compareSoon(slug: string): void {
    due.add(slug);
    if (isComparing) return;
    isComparing = true;
    // At the end of this turn: a stream follows many tenants, and many streams come back at once.
    queueMicrotask(() => void compareDue());
  }

  async function compareDue(): Promise<void> {
    try {
      while (due.size > 0) {
        const slugs = [...due].slice(0, TENANTS_PER_STATEMENT);
        for (const slug of slugs) due.delete(slug);
        await compare(slugs);
      }
    } catch (err) {
      log.debug({ err }, 'followers are compared at the next check');
      due.clear();
    } finally {
      isComparing = false;
    }
  }

  async function compare(slugs: readonly string[]): Promise<void> {
    const heardBefore = new Map(slugs.map((slug) => [slug, tenants.get(slug)?.heard]));
    const versions = await primary.probeVersions(slugs);
    const behind: string[] = [];
    for await (const turn of inTurns(slugs)) {
      for (const slug of turn) {
        if (!areAllAt(tenants.get(slug)?.followers, versions.get(slug))) behind.push(slug);
      }
    }
    const queue = behind.values();
    const work = async (): Promise<void> => {
      for (const slug of queue) {
        const followed = tenants.get(slug);
        if (followed === undefined) continue;
        const isOvertaken = followed.heard !== heardBefore.get(slug);
        await bringUpToDate(slug, followed, versions.get(slug), isOvertaken);
      }
    };
    await Promise.all(Array.from({ length: MAX_REPLAYS_AT_ONCE }, work));
  }

  /**
   * @param current what Postgres said.
   * @param isOvertaken whether news came since. Steps forward are right all the same; that a follower is ahead of what was read, or that
   *   the tenant is gone, says nothing then.
   */
  async function bringUpToDate(
    slug: string,
    followed: Followed,
    current: TenantVersion | undefined,
    isOvertaken: boolean,
  ): Promise<void> {
    for (const { version, followers } of groupsOf(followed.followers)) {
      const isForward = current !== undefined && !isAhead(version, current);
      const delta = isForward ? await findDelta(version, current) : undefined;
      const ack = now() < followed.ackUntilMs;
      const event = current && delta && toEvent(slug, current.lineage, delta, ack);
      for (const follower of followers) {
        // Live news, or its end, may have overtaken the replay.
        const isMoved = !isSame(follower.version, version) || !followed.followers.has(follower);
        follower.isCompared = isForward || !isOvertaken;
        if (isMoved || !follower.isCompared) continue;
        if (current && event && isInScope(follower.scope, current.tenantId)) advance(follower, event);
        else settle(slug, follower, current, ack);
      }
    }
  }

  /** What leads from a version to the present, when it is of one lineage and not too far away: each revision has one operation at least. */
  async function findDelta(version: Follower['version'], current: TenantVersion) {
    if (version?.lineage !== current.lineage) return undefined;
    const steps = current.revision - version.revision;
    const isNear = steps > 0 && steps <= MAX_DELTA_OPERATIONS;
    return isNear ? readDelta({ ...current, from: version.revision }) : undefined;
  }

  /** Puts a follower to a version it cannot be led to by steps. */
  function settle(slug: string, follower: Follower, current: TenantVersion | undefined, ack: boolean): void {
    const { version, scope, tell } = follower;
    if (current === undefined || !isInScope(scope, current.tenantId)) {
      follower.version = null;
      if (version !== null) tell({ kind: 'gone', tenant: slug });
    } else if (!isSame(version, current)) {
      follower.version = current;
      tell({ kind: 'resync', tenant: slug, ack });
    }
  }

  function advance(follower: Follower, event: Extract<FeedEvent, { kind: 'delta' }>): void {
    follower.version = { lineage: event.lineage, revision: event.to };
    follower.tell(event);
  }

  function hear({ move, delta, ack }: TenantNews): void {
    const followed = tenants.get(move.slug);
    if (followed === undefined) return;
    followed.heard += 1;
    if (ack) followed.ackUntilMs = now() + ACK_WINDOW_MS;
    const event = delta && toEvent(move.slug, move.lineage, delta, ack);
    let isMissed = false;
    for (const follower of followed.followers) {
      const { version, scope } = follower;
      if (version?.lineage !== move.lineage) {
        // Another tenant of that slug, before or after this one: Postgres knows which.
        isMissed = true;
      } else if (move.deleted || !isInScope(scope, move.tenantId)) {
        settle(move.slug, follower, undefined, ack);
      } else if (version.revision < move.revision) {
        if (event !== undefined && version.revision === event.from) advance(follower, event);
        else isMissed = true;
      }
    }
    if (isMissed) compareSoon(move.slug);
  }

  return {
    follow(followedTenants, scope, listener) {
      const own: { readonly slug: string; readonly follower: Follower }[] = [];
      for (const { slug, version } of followedTenants) {
        const followed = tenants.get(slug) ?? { followers: new Set(), heard: 0, ackUntilMs: 0 };
        tenants.set(slug, followed);
        const follower = { version, isCompared: false, scope, tell: listener };
        followed.followers.add(follower);
        own.push({ slug, follower });
        // Followed first, compared then: what happens in between is heard.
        compareSoon(slug);
      }
      return {
        checkedAgeMs() {
          if (checkedAtMs === undefined || !own.every(({ follower }) => follower.isCompared))
            return undefined;
          return now() - checkedAtMs;
        },
        stop() {
          for (const { slug, follower } of own) {
            const followed = tenants.get(slug);
            followed?.followers.delete(follower);
            if (followed?.followers.size === 0) tenants.delete(slug);
          }
        },
      };
    },
    hear,
    async check() {
      const startedAtMs = now();
      const slugs = [...tenants.keys()];
      for (let start = 0; start < slugs.length; start += TENANTS_PER_STATEMENT) {
        await compare(slugs.slice(start, start + TENANTS_PER_STATEMENT));
      }
      checkedAtMs = startedAtMs;
    },
  };
}

/** Followers by where they are: each place is replayed once. */
function groupsOf(followers: ReadonlySet<Follower>) {
  const groups = new Map<string, { readonly version: Follower['version']; readonly followers: Follower[] }>();
  for (const follower of followers) {
    const { version } = follower;
    const key = version === null ? '' : `${version.lineage}.${version.revision}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { version, followers: [follower] });
    else group.followers.push(follower);
  }
  return groups.values();
}

/** Whether nobody misses anything; then nothing more need be done. */
function areAllAt(followers: ReadonlySet<Follower> | undefined, current: TenantVersion | undefined): boolean {
  if (followers === undefined) return true;
  if (current === undefined) return false;
  for (const follower of followers) {
    if (!isSame(follower.version, current) || !isInScope(follower.scope, current.tenantId)) return false;
    follower.isCompared = true;
  }
  return true;
}

function isAhead(version: Follower['version'], current: TenantVersion): boolean {
  return version?.lineage === current.lineage && version.revision > current.revision;
}

function isSame(a: Follower['version'], b: Follower['version']): boolean {
  return a?.lineage === b?.lineage && a?.revision === b?.revision;
}

function toEvent(tenant: string, lineage: string, delta: TenantDelta, ack: boolean) {
  return { kind: 'delta', tenant, lineage, ...delta, ack } as const;
}
