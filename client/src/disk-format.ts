import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { originEntriesOf, toSnapshotEntry } from './core/compiled-snapshot.js';
import { type CompiledAllowlist, compileSnapshot, isSlug, parseSnapshot } from './core/index.js';
import type { Settings } from './settings.js';

/**
 * What a copy says of itself. A file is three parts: this in one line of JSON, its HMAC in the next, and the snapshot as the service
 * would send it. The HMAC covers the snapshot by its digest, so that the version can be trusted without reading the whole.
 */
export interface CopyHead {
  readonly tenant: string;
  readonly lineage: string;
  readonly revision: number;
  /** When the service last confirmed the version, by its own clock: epoch milliseconds. */
  readonly confirmedAtMs: number;
  /** SHA-256 of the snapshot, base64. */
  readonly digest: string;
}

/** A copy to be written. */
export interface NewCopy {
  readonly head: CopyHead;
  readonly chunks: readonly Uint8Array[];
}

/** Writes and reads copies for one key and one service. */
export interface CopyFormat {
  /** Takes the list as it is now, and turns it into bytes bit by bit, so that no request waits for a large one. */
  encode(compiled: CompiledAllowlist, confirmedAtMs: number): Promise<NewCopy>;
  /** @returns `undefined` when the bytes do not begin with what was written for this tenant, service and key. */
  readHead(bytes: Uint8Array, slug: string): CopyHead | undefined;
  /** @returns `undefined` when the whole is not what was written. */
  decode(bytes: Uint8Array, slug: string): { head: CopyHead; compiled: CompiledAllowlist } | undefined;
}

/** Read first, to tell which version a file is of. Slug, UUID and two numbers are far less. */
export const MAX_HEAD_BYTES = 4_096;
const FORMAT = 1;
/** Keeps what is derived here apart from whatever else may be derived from the key. */
const KEY_LABEL = 'origin-allowlist/disk-copy';
const ENTRIES_A_CHUNK = 1_000;
const NEWLINE = 10;

export function createCopyFormat({ key, baseUrl }: Pick<Settings, 'key' | 'baseUrl'>): CopyFormat {
  const macKey = Buffer.from(hkdfSync('sha256', key, '', KEY_LABEL, 32));

  /** The address is in no file: one that was written for another service does not have this HMAC. */
  function macOf(line: Uint8Array): Buffer {
    return createHmac('sha256', macKey).update(`${baseUrl}\n`).update(line).digest();
  }

  /** @returns the head, and where the snapshot begins. */
  function open(bytes: Uint8Array, slug: string): { head: CopyHead; bodyStart: number } | undefined {
    const lineEnd = bytes.subarray(0, MAX_HEAD_BYTES).indexOf(NEWLINE);
    const macEnd = bytes.subarray(0, MAX_HEAD_BYTES).indexOf(NEWLINE, lineEnd + 1);
    if (lineEnd === -1 || macEnd === -1) return undefined;
    const line = bytes.subarray(0, lineEnd);
    const mac = Buffer.from(textOf(bytes.subarray(lineEnd + 1, macEnd)), 'base64');
    const expected = macOf(line);
    // Before anything of it is parsed.
    if (mac.length !== expected.length || !timingSafeEqual(mac, expected)) return undefined;
    const head = parseHead(JSON.parse(textOf(line)));
    return head?.tenant === slug ? { head, bodyStart: macEnd + 1 } : undefined;
  }

  return {
    async encode(compiled, confirmedAtMs) {
      const { tenant, lineage, revision } = compiled;
      const body = await bodyOf(compiled);
      const hash = createHash('sha256');
      for (const chunk of body) hash.update(chunk);
      const head = { tenant, lineage, revision, confirmedAtMs, digest: hash.digest('base64') };
      const line = Buffer.from(JSON.stringify({ format: FORMAT, ...head }));
      return { head, chunks: [line, Buffer.from(`\n${macOf(line).toString('base64')}\n`), ...body] };
    },
    readHead: (bytes, slug) => open(bytes, slug)?.head,
    decode(bytes, slug) {
      const opened = open(bytes, slug);
      if (opened === undefined) return undefined;
      const { head, bodyStart } = opened;
      const body = bytes.subarray(bodyStart);
      if (createHash('sha256').update(body).digest('base64') !== head.digest) return undefined;
      return { head, compiled: compileSnapshot(parseSnapshot(JSON.parse(textOf(body)))) };
    },
  };
}

async function bodyOf(compiled: CompiledAllowlist): Promise<readonly Uint8Array[]> {
  const entries = originEntriesOf(compiled);
  const { tenant, lineage, revision, policySettings: policies } = compiled;
  const start = JSON.stringify({ tenant, lineage, revision, count: entries.length, policies });
  const chunks = [Buffer.from(`${start.slice(0, -1)},"entries":[`)];
  for (let from = 0; from < entries.length; from += ENTRIES_A_CHUNK) {
    if (from > 0) await setImmediate();
    const some = JSON.stringify(entries.slice(from, from + ENTRIES_A_CHUNK).map(toSnapshotEntry));
    chunks.push(Buffer.from(`${from > 0 ? ',' : ''}${some.slice(1, -1)}`));
  }
  chunks.push(Buffer.from(']}'));
  return chunks;
}

function parseHead(value: unknown): CopyHead | undefined {
  if (!isRecord(value) || value.format !== FORMAT) return undefined;
  const { tenant, lineage, revision, confirmedAtMs, digest } = value;
  if (typeof tenant !== 'string' || !isSlug(tenant) || typeof lineage !== 'string') return undefined;
  if (typeof revision !== 'number' || typeof confirmedAtMs !== 'number' || typeof digest !== 'string')
    return undefined;
  return { tenant, lineage, revision, confirmedAtMs, digest };
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
