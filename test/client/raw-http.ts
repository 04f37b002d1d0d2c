import { connect } from 'node:net';

/** A response as it came over the wire. */
export interface RawResponse {
  readonly status: number;
  /** By lower-case name; several lines of one are joined with a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface RawRequest {
  readonly method?: string;
  /** The `Host` header. Default `api.example`. */
  readonly host?: string;
  /** As it stands on the request line. Default `/`. */
  readonly target?: string;
  /** In order and as they are; `Host` and `Connection` are added. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: string;
}

const DEADLINE_MS = 5_000;

/** Sends header lines byte for byte, repeated ones included, which no HTTP client does. */
export function sendRaw(
  port: number,
  { method = 'GET', host = 'api.example', target = '/', headers = [], body = '' }: RawRequest = {},
): Promise<RawResponse> {
  const lines = [
    `${method} ${target} HTTP/1.1`,
    `Host: ${host}`,
    'Connection: close',
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
  ];
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1');
    socket.setTimeout(DEADLINE_MS, () => socket.destroy(new Error('no answer in time')));
    socket.on('error', reject);
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('end', () => resolve(parseResponse(Buffer.concat(chunks).toString('latin1'))));
    socket.write(Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1'));
  });
}

function parseResponse(text: string): RawResponse {
  const end = text.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  const body = text.slice(end + 4);
  const isChunked = headers['transfer-encoding'] === 'chunked';
  return { status: Number(statusLine.split(' ')[1]), headers, body: isChunked ? joinChunks(body) : body };
}

function joinChunks(text: string): string {
  const sizeEnd = text.indexOf('\r\n');
  const size = Number.parseInt(text.slice(0, sizeEnd), 16);
  if (!(size > 0)) return '';
  const start = sizeEnd + 2;
  return text.slice(start, start + size) + joinChunks(text.slice(start + size + 2));
}
