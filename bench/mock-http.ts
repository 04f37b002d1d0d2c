/** A request of which a middleware reads method, url and headers. */
export interface MockRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly rawHeaders: readonly string[];
}

/** Makes the requests of a run, each of objects of its own as node:http does. */
export type CreateRequest = (origin: string) => MockRequest;

const URL = '/v1/items?page=2';
const HOST = 'api.example.com';

/** `GET` from a page. (Written out: to copy an object costs more than most of what is measured.) */
export const createGet: CreateRequest = (origin) => ({
  method: 'GET',
  url: URL,
  headers: { host: HOST, 'user-agent': 'bench', accept: '*/*', origin },
  rawHeaders: [],
});

/** What a browser asks before a `PUT` with three headers. */
export const createPreflight: CreateRequest = (origin) => ({
  method: 'OPTIONS',
  url: URL,
  headers: {
    host: HOST,
    'user-agent': 'bench',
    accept: '*/*',
    origin,
    'access-control-request-method': 'PUT',
    'access-control-request-headers': 'authorization,content-type,x-requested-with',
  },
  rawHeaders: [],
});

/** A response that keeps headers as node:http does, by lower-case name, and sends nothing. */
export class MockResponse {
  statusCode = 200;
  headersSent = false;
  readonly #headers = new Map<string, string>();

  /** Headers it has: shows that something was done, and keeps the optimiser from leaving it out. */
  get size(): number {
    return this.#headers.size;
  }

  setHeader(name: string, value: string): this {
    this.#headers.set(name.toLowerCase(), value);
    return this;
  }

  getHeader(name: string): string | undefined {
    return this.#headers.get(name.toLowerCase());
  }

  hasHeader(name: string): boolean {
    return this.#headers.has(name.toLowerCase());
  }

  removeHeader(name: string): void {
    this.#headers.delete(name.toLowerCase());
  }

  /** Without a header node:http has nothing to go through either. */
  getHeaderNames(): string[] {
    return this.#headers.size === 0 ? [] : [...this.#headers.keys()];
  }

  writeHead(statusCode: number): this {
    this.statusCode = statusCode;
    this.headersSent = true;
    return this;
  }

  /** As in node:http, whoever ends a response without a head sends one. */
  end(): this {
    if (!this.headersSent) this.writeHead(this.statusCode);
    return this;
  }
}

/** A middleware of node:http by what it takes here. */
export type Middleware = (request: MockRequest, response: MockResponse, next: () => void) => void;

/** A middleware that was written for the real thing. */
export function onMocks(middleware: (...given: never[]) => unknown): Middleware {
  return (request, response, next) => void Reflect.apply(middleware, undefined, [request, response, next]);
}
