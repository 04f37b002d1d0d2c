import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/**
 * What every answer tells browsers, errors included: it is data for programs, to be shown, framed, embedded and sniffed by
 * nobody. There is deliberately no `Access-Control-*` header: the administration is not for scripts of other origins.
 */
export const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

/**
 * The policy of `/docs`, which shows the document with scripts of its own. Without `upgrade-insecure-requests`: a service
 * behind plain HTTP would lose its scripts. The bundle makes inline styles, and shows its icons as data.
 */
export const DOCS_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Without `includeSubDomains`: names below this one are not ours. */
const STRICT_TRANSPORT_SECURITY = 'max-age=31536000';

/** Sets the headers on every answer of `app`; register it before anything that answers. */
export function registerSecurityHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    setSecurityHeaders(request, reply);
  });
}

/** For the errors before any hook runs. Over TLS, also behind a trusted proxy, browsers are told to stay there. */
export function setSecurityHeaders(request: FastifyRequest, reply: FastifyReply): void {
  reply.headers(SECURITY_HEADERS);
  if (request.protocol === 'https') reply.header('strict-transport-security', STRICT_TRANSPORT_SECURITY);
}
