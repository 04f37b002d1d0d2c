/** An origin as the slow matcher reads it. `port` is '' when there is none. */
export interface SlowOrigin {
  readonly scheme: string;
  readonly host: string;
  readonly port: string;
}

const MAX_LENGTH = 326;
/** With the dot that may end a name: 64 + 3 + 253 + 6 are the 326 characters of the longest origin. */
export const MAX_HOST_LENGTH = 253;
const ORIGIN = /^([a-z][a-z0-9+.-]{0,63}):\/\/(\[[0-9a-f:]+\]|[a-z0-9_.-]+)(?::([1-9][0-9]{0,4}))?$/;
const NAME = /^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/;
const IPV4 = /^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$/;
/** What the URL standard takes for a number in the last label, and so never leaves there in a serialised name. */
const NUMBER = /^(?:[0-9]+|0x[0-9a-f]*)$/;
const DEFAULT_PORTS: Readonly<Record<string, string>> = {
  http: '80',
  https: '443',
  ws: '80',
  wss: '443',
  ftp: '21',
};

/** The origin grammar of the design by regular expressions, and by the platform's own URL parser where it knows better. */
export function slowOrigin(text: string): SlowOrigin | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const [, scheme = '', host = '', port = ''] = ORIGIN.exec(text) ?? [];
  if (scheme === '' || scheme === 'file' || !isHost(host)) return undefined;
  if (Number(port) > 65_535 || (port !== '' && port === DEFAULT_PORTS[scheme])) return undefined;
  return { scheme, host, port };
}

/** Whether a host is a canonical address or a name. */
export function isHost(host: string): boolean {
  return isAddress(host) || isName(host);
}

/** Whether a host is an address, written as the URL standard serialises it. */
export function isAddress(host: string): boolean {
  return (host.startsWith('[') || IPV4.test(host)) && hostnameOf(host) === host;
}

/** Whether a host is a name: labels, one optional dot at the end, no number for a last label. */
export function isName(host: string): boolean {
  const labels = host.endsWith('.') ? host.slice(0, -1) : host;
  const last = labels.split('.').at(-1) ?? '';
  return host.length <= MAX_HOST_LENGTH && NAME.test(labels) && !NUMBER.test(last);
}

function hostnameOf(host: string): string | undefined {
  try {
    return new URL(`http://${host}/`).hostname;
  } catch {
    return undefined;
  }
}
