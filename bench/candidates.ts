import fastifyCors from '@fastify/cors';
import type { Allowlist } from '@origin-allowlist/client';
import { type CompiledAllowlist, decide, type SnapshotPolicy } from '@origin-allowlist/client/core';
import { cors as allowlistCors } from '@origin-allowlist/client/node';
import cors from 'cors';
import { cors as honoCors } from 'hono/cors';
import { type CreateRequest, type MockRequest, MockResponse, onMocks } from './mock-http.js';

/** Answers one request of an origin and tells whether the page may read the answer. */
export type Answer = (origin: string) => boolean | Promise<boolean>;

const ALLOW_ORIGIN = 'access-control-allow-origin';

/** The engine alone. What the time is its callers ask the clock. */
export function engine(compiled: CompiledAllowlist, createRequest: CreateRequest): Answer {
  const { method, url, headers } = createRequest('');
  const requestMethod = headers['access-control-request-method'];
  const requestHeaders = headers['access-control-request-headers'];
  const nowMs = Date.now();
  return (origin) => {
    const request = { method, target: url, origin, requestMethod, requestHeaders };
    return decide(request, compiled, nowMs).headers[ALLOW_ORIGIN] !== undefined;
  };
}

/** The engine on preflights that ask for given headers. */
export function engineAsked(compiled: CompiledAllowlist, requestHeaders: string | readonly string[]): Answer {
  const nowMs = Date.now();
  return (origin) => {
    const request = { method: 'OPTIONS', target: '/', origin, requestMethod: 'PUT', requestHeaders };
    return decide(request, compiled, nowMs).headers[ALLOW_ORIGIN] !== undefined;
  };
}

/** No candidate: what it takes this machine, at this hour, to look at as many characters as request headers may have. */
export function yardstick(): Answer {
  const text = Buffer.alloc(4096, 'x').toString('latin1');
  return () => {
    let count = 0;
    for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) > 0x20) count += 1;
    return count === text.length;
  };
}

/** Our middleware, on a client that has loaded its list. */
export function middleware(allowlist: Allowlist, createRequest: CreateRequest): Answer {
  return onResponse(onMocks(allowlistCors(allowlist)), createRequest);
}

/** No middleware at all: what the mocks cost by themselves, here and in the others. */
export function nothing(createRequest: CreateRequest): Answer {
  return onResponse((_request, _response, next) => next(), createRequest);
}

/** What all of them are set to. */
type Settings = Pick<SnapshotPolicy, 'methods' | 'allowedHeaders' | 'maxAgeSeconds'>;

/** `cors` as its readme says for several origins. */
export function expressCors(
  origins: readonly string[],
  settings: Settings,
  createRequest: CreateRequest,
): Answer {
  return onResponse(onMocks(cors({ ...optionsOf(settings), origin: [...origins] })), createRequest);
}

/** The hook of `@fastify/cors`, which its matcher is in, on a reply that keeps headers like the other mocks. */
export function fastifyHook(
  origins: readonly string[],
  settings: Settings,
  createRequest: CreateRequest,
): Answer {
  let hook: (...given: never[]) => unknown = () => undefined;
  const instance = {
    decorateRequest: () => undefined,
    addHook: (_name: string, handle: typeof hook) => {
      hook = handle;
    },
    options: () => undefined,
  };
  const options = { ...optionsOf(settings), origin: [...origins] };
  Reflect.apply(fastifyCors, undefined, [instance, options, () => undefined]);
  return onResponse((request, response, next) => {
    const asked = { raw: request, headers: request.headers, routeOptions: { config: {} } };
    Reflect.apply(hook, undefined, [asked, new MockReply(response), next]);
  }, createRequest);
}

/** `hono/cors` on the platform's own Headers, which it is written for. */
export function honoMiddleware(
  origins: readonly string[],
  settings: Settings,
  createRequest: CreateRequest,
): Answer {
  const { methods, allowedHeaders, maxAgeSeconds } = settings;
  const handle: (...given: never[]) => unknown = honoCors({
    origin: [...origins],
    allowMethods: [...methods],
    allowHeaders: [...allowedHeaders],
    ...(maxAgeSeconds !== undefined && { maxAge: maxAgeSeconds }),
  });
  const next = () => Promise.resolve();
  return async (origin) => {
    const context = new MockContext(createRequest(origin));
    await Reflect.apply(handle, undefined, [context, next]);
    return context.res.headers.has(ALLOW_ORIGIN);
  };
}

function optionsOf({ methods, allowedHeaders, maxAgeSeconds }: Settings) {
  const maxAge = maxAgeSeconds === undefined ? {} : { maxAge: maxAgeSeconds };
  return { methods: [...methods], allowedHeaders: [...allowedHeaders], ...maxAge };
}

/** The life of a response: the middleware, the application's head, or the middleware's own. */
function onResponse(handle: ReturnType<typeof onMocks>, createRequest: CreateRequest): Answer {
  return (origin) => {
    const response = new MockResponse();
    handle(createRequest(origin), response, () => response.end());
    return response.hasHeader(ALLOW_ORIGIN);
  };
}

/** What `hono/cors` reads and writes. (Classes, and no functions made by the request: the loader in use pays for their names.) */
class MockContext {
  readonly req: MockHonoRequest;
  readonly res = { headers: new Headers() };

  constructor(request: MockRequest) {
    this.req = new MockHonoRequest(request);
  }

  header(name: string, value: string): void {
    this.res.headers.append(name, value);
  }
}

class MockHonoRequest {
  readonly method: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor({ method, headers }: MockRequest) {
    this.method = method;
    this.#headers = headers;
  }

  header(name: string): string | undefined {
    return this.#headers[name.toLowerCase()];
  }
}

/** What the hook of `@fastify/cors` writes to. */
class MockReply {
  readonly #response: MockResponse;

  constructor(response: MockResponse) {
    this.#response = response;
  }

  getHeader(name: string): string | undefined {
    return this.#response.getHeader(name);
  }

  header(name: string, value: string): this {
    this.#response.setHeader(name, value);
    return this;
  }

  code(statusCode: number): this {
    this.#response.statusCode = statusCode;
    return this;
  }

  send(): void {
    this.#response.end();
  }
}
