import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Store } from '../store/store.js';
import { problemCodeOf } from './problem.js';

/** Who calls without a valid key. */
const NOBODY = 'nobody';

/** Has every write that is refused counted, once it is answered. */
export function countRefusedWrites(
  app: FastifyInstance,
  { refusedWrites }: Pick<Store, 'refusedWrites'>,
): void {
  app.addHook('onResponse', async (request, { statusCode }) => {
    const code = problemCodeOf(request);
    if (code === undefined || statusCode >= 500 || !isWrite(request)) return;
    // Authentication may have refused it.
    const principal: FastifyRequest['principal'] | undefined = request.principal;
    refusedWrites.count({
      actor: principal?.actor ?? NOBODY,
      keyId: principal?.keyId ?? null,
      route: `${request.method} ${request.routeOptions.url?.replace(/:(\w+)/g, '{$1}')}`,
      code,
      requestId: request.id,
    });
  });
}

/** Whether the call would have changed what is administered: an evaluation, say, is sent by POST and writes nothing. */
function isWrite({ method, routeOptions }: FastifyRequest): boolean {
  const scopes = [routeOptions.config.scope ?? []].flat();
  return method !== 'GET' && method !== 'HEAD' && scopes.some((scope) => scope.includes(':write'));
}
