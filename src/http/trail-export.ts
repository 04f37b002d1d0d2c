import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../errors.js';
import type { Store } from '../store/store.js';
import { type Principal, requireStanding } from './auth.js';

export const NDJSON = 'application/x-ndjson';

/** Exports that run at once on one node, and of those that one key has. */
const MAX_EXPORTS = 8;
const MAX_EXPORTS_PER_KEY = 2;
const RETRY_AFTER_SECONDS = 5;
/** Lines are sent in pieces of about this size. */
const PIECE_LENGTH = 64 * 1_024;
/** A reader that takes no piece for so long is cut off. */
const STALL_TIMEOUT_MS = 60_000;

/** Answers that are a whole trail, line by line, at the reader's speed. */
export interface TrailExports {
  /**
   * Begins to answer with the lines. What is wrong with the request is thrown now; once it has begun, an export that cannot go
   * on is cut off, which its reader sees by the missing last line.
   *
   * @throws AppError `rate_limited`; what the first line throws.
   */
  send(request: FastifyRequest, reply: FastifyReply, lines: AsyncGenerator<string>): Promise<FastifyReply>;
  /** Cuts all of them off. */
  close(): void;
}

interface Export {
  readonly keyHash: string;
  /** `undefined` until its first line is there. */
  stream?: Readable;
  /** Runs while its reader has a piece to take. */
  stall?: NodeJS.Timeout;
}

/** Whether an export is asked for rather than a page. */
export function wantsExport({ method, headers }: FastifyRequest): boolean {
  return method === 'GET' && headers.accept?.toLowerCase().includes(NDJSON) === true;
}

/** @throws AppError `invalid_input` when an export is asked for by what belongs to pages. */
export function refusePaging(query: {
  readonly limit?: unknown;
  readonly cursor?: unknown;
  readonly order?: unknown;
}): void {
  const errors = (['limit', 'cursor', 'order'] as const)
    .filter((name) => query[name] !== undefined && query[name] !== 'asc')
    .map((name) => ({
      pointer: `/query/${name}`,
      code: 'not_for_exports',
      detail: 'An export is the whole trail, oldest first.',
    }));
  if (errors.length > 0) throw new AppError('invalid_input', 'An export has no pages.', { errors });
}

export function createTrailExports(
  store: { readonly keys: Pick<Store['keys'], 'verify'> },
  stallTimeoutMs = STALL_TIMEOUT_MS,
): TrailExports {
  const running = new Set<Export>();

  function requireRoom(reply: FastifyReply, keyHash: string): void {
    const ofKey = [...running].filter((other) => other.keyHash === keyHash).length;
    if (running.size < MAX_EXPORTS && ofKey < MAX_EXPORTS_PER_KEY) return;
    reply.header('retry-after', RETRY_AFTER_SECONDS);
    throw new AppError('rate_limited', `${MAX_EXPORTS_PER_KEY} exports of a key run at once on one node.`);
  }

  async function* inPieces(
    first: IteratorResult<string>,
    lines: AsyncGenerator<string>,
    principal: Principal,
    entry: Export,
  ): AsyncGenerator<string> {
    let piece = '';
    for (let next = first; !next.done; next = await lines.next()) {
      piece += `${next.value}\n`;
      if (piece.length < PIECE_LENGTH) continue;
      // A key ends everywhere within a second, also in the middle of what it reads.
      await requireStanding(store, principal);
      entry.stall = setTimeout(() => entry.stream?.destroy(), stallTimeoutMs).unref();
      yield piece;
      clearTimeout(entry.stall);
      piece = '';
    }
    // What was looked for long may have been little.
    await requireStanding(store, principal);
    yield piece;
  }

  return {
    async send(request, reply, lines) {
      const { principal } = request;
      requireRoom(reply, principal.keyHash);
      const entry: Export = { keyHash: principal.keyHash };
      running.add(entry);
      try {
        const pieces = inPieces(await lines.next(), lines, principal, entry);
        entry.stream = Readable.from(pieces, { objectMode: false });
      } catch (error) {
        running.delete(entry);
        throw error;
      }
      entry.stream.once('close', () => {
        clearTimeout(entry.stall);
        running.delete(entry);
      });
      return reply.headers({ 'cache-control': 'no-store', vary: 'Accept' }).type(NDJSON).send(entry.stream);
    },

    close() {
      for (const { stream } of running) stream?.destroy();
    },
  };
}
