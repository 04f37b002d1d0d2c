/** What kind of address a host is: `loopback` this machine, `private` another machine on each network, `public` one machine. */
export type AddressKind = 'loopback' | 'private' | 'public';

/** Classes a canonical dotted quad. */
export function ipv4Kind(host: string): AddressKind {
  const [a = 0, b = 0, c = 0] = host.split('.').map(Number);
  if (a === 127) return 'loopback';
  const isPrivate =
    a === 10 || // RFC 1918
    (a === 172 && b >= 16 && b <= 31) || // RFC 1918
    (a === 192 && b === 168) || // RFC 1918
    (a === 169 && b === 254) || // link-local, RFC 3927
    (a === 100 && b >= 64 && b <= 127) || // shared by the customers of a carrier, RFC 6598
    (a === 198 && (b === 18 || b === 19)) || // tests of networks, RFC 2544
    (a === 192 && b === 0 && c === 0) || // protocol assignments, RFC 6890
    a === 0; // "this network", RFC 1122 §3.2.1.3
  return isPrivate ? 'private' : 'public';
}

/** Classes a canonical IPv6 address, brackets included. */
export function ipv6Kind(host: string): AddressKind {
  if (host === '[::1]') return 'loopback';
  if (host === '[::]') return 'private';
  const first = Number.parseInt(host.slice(1, host.indexOf(':')), 16);
  const isPrivate =
    (first & 0xfe00) === 0xfc00 || // unique local, RFC 4193
    (first & 0xffc0) === 0xfe80 || // link-local, RFC 4291 §2.5.6
    (first & 0xffc0) === 0xfec0; // site-local, RFC 3879: given up, and still in use
  return isPrivate ? 'private' : 'public';
}
