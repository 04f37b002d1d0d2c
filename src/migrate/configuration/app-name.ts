import type { Value } from '../literal/value.js';

const APP_NAME = /(?:^|[._$])(?:app|application|server|fastify|hono|koa)$/i;
const ROUTER_NAME = /(?:^|[._$])(?:\w*router|bp|blueprint|instance|scope)$/i;
const MAKERS = 'express|connect|fastify|Fastify|Hono|OpenAPIHono|Koa|Flask|Quart|NestFactory\\.create';
const MAKER = new RegExp(`(?:^|\\.)(?:${MAKERS})$`);
/** `new Hono<{ Bindings: Bindings }>()`, `require('fastify')({ logger: true })`, and no call on what they give. */
const MAKER_CODE = new RegExp(
  `^(?:await )?(?:new )?(?:(?:${MAKERS})<.*>|require\\(['"](?:express|connect|fastify|koa)['"]\\))\\([^()]*\\)$`,
);

/** Whether this is the whole app: by how it is made, or by its name when the source does not say. */
export function isApp(name: string, made: Value): boolean {
  switch (made.kind) {
    case 'call':
      return MAKER.test(made.callee) || /(?:^|[._])(?:create|make|get)_?app$/i.test(made.callee);
    case 'code':
      return MAKER_CODE.test(made.source);
    case 'name':
      return APP_NAME.test(name);
    default:
      return false;
  }
}

/**
 * Whether this is an app, or what routes a part of one.
 *
 * @param made `undefined` = the source does not say.
 */
export function isAppOrRouter(name: string, made: Value | undefined): boolean {
  if (made === undefined) return APP_NAME.test(name) || ROUTER_NAME.test(name);
  return isApp(name, made) || (made.kind === 'call' && /(?:^|\.)(?:Router|Blueprint)$/.test(made.callee));
}
