import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { AppError, type ErrorCode } from '../errors.js';
import { writtenProblem } from './problem.js';
import { SECURITY_HEADERS } from './security-headers.js';

/** What one connection may take. */
export interface ConnectionLimits {
  /** Connections at once; one more is closed unanswered. Above the streams a node takes. */
  readonly maxConnections: number;
  /** For the request line and headers, so that nobody holds connections by sending them drop by drop. */
  readonly headersTimeoutMs: number;
  /** For the whole request, body included. */
  readonly requestTimeoutMs: number;
  /** Without a byte either way. Streams ping more often. */
  readonly idleTimeoutMs: number;
}

export const DEFAULT_CONNECTION_LIMITS: ConnectionLimits = {
  maxConnections: 20_000,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  idleTimeoutMs: 60_000,
};

/** Request line and headers together, as Node counts them. */
const MAX_HEAD_BYTES = 16 * 1_024;
const MAX_URL_LENGTH = 8_192;
const MAX_HEADERS = 100;
/** How often Node looks for connections that are over their time. */
const MAX_CHECK_INTERVAL_MS = 1_000;

/** The part of Fastify's options that bounds connections and heads. */
export function connectionOptions(limits: ConnectionLimits) {
  return {
    requestTimeout: limits.requestTimeoutMs,
    connectionTimeout: limits.idleTimeoutMs,
    http: {
      maxHeaderSize: MAX_HEAD_BYTES,
      headersTimeout: limits.headersTimeoutMs,
      connectionsCheckingInterval: Math.min(MAX_CHECK_INTERVAL_MS, limits.headersTimeoutMs),
    },
    clientErrorHandler: answerUnreadable,
  };
}

/** The bounds that Fastify has no option for. */
export function registerConnectionLimits(app: FastifyInstance, { maxConnections }: ConnectionLimits): void {
  app.server.maxConnections = maxConnections;
  app.addHook('onRequest', async ({ raw }) => {
    if ((raw.url?.length ?? 0) > MAX_URL_LENGTH) {
      throw new AppError('uri_too_long', `A URL may have ${MAX_URL_LENGTH} characters.`);
    }
    // Names and values take turns. Node itself would drop what is over its limit, without a word.
    if (raw.rawHeaders.length / 2 > MAX_HEADERS) {
      throw new AppError('headers_too_large', `A request may have ${MAX_HEADERS} headers.`);
    }
  });
}

/** What Node's parser or clock gives up on reaches no route: it is answered here, as a problem, and the connection closed. */
function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const { status, text } = writtenProblem(unreadable(error.code), randomUUID());
  const headers = {
    ...SECURITY_HEADERS,
    'cache-control': 'no-store',
    connection: 'close',
    'content-length': Buffer.byteLength(text),
    'content-type': 'application/problem+json; charset=utf-8',
  };
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const answer = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...head, '', text].join('\r\n');
  socket.end(answer, () => socket.destroy());
}

function unreadable(code: string | undefined): AppError {
  const [problem, detail]: readonly [ErrorCode, string] =
    code === 'HPE_HEADER_OVERFLOW'
      ? ['headers_too_large', `The request line and headers may have ${MAX_HEAD_BYTES} bytes.`]
      : code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['request_timeout', 'The request did not come in time.']
        : ['bad_request', 'This is not an HTTP request.'];
  return new AppError(problem, detail);
}
