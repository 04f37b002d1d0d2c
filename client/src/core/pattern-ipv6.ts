import { formatIpv4, formatIpv6, mappedIpv4, parseIpv6 } from './ip.js';
import type { HostForm } from './pattern-host.js';
import { type Diagnosis, note, noteRepaired } from './pattern-problem.js';

/** Checks a host that has a bracket somewhere. */
export function checkIpv6(host: string, diagnosis: Diagnosis): HostForm | undefined {
  if (host.includes('*')) {
    note(diagnosis, 'WILDCARD_IP', host, 'An address has no subdomains and no ranges.');
    return undefined;
  }
  if (!host.startsWith('[') || host.indexOf(']') !== host.length - 1) {
    note(diagnosis, 'IP_INVALID', host, 'Brackets stand around a whole IPv6 address and nothing else.');
    return undefined;
  }
  const address = host.slice(1, -1);
  if (address.includes('%')) {
    note(
      diagnosis,
      'IP_ZONE',
      address.slice(address.indexOf('%')),
      'Browsers send no zone with an IPv6 address.',
    );
    return undefined;
  }
  const groups = parseIpv6(address);
  if (groups === undefined) {
    note(diagnosis, 'IP_INVALID', host, 'This is no IPv6 address.');
    return undefined;
  }
  const mapped = mappedIpv4(groups);
  if (mapped !== undefined) {
    noteRepaired(
      diagnosis,
      'IP_MAPPED',
      host,
      'An IPv4-mapped address is another origin than the IPv4 address it maps.',
    );
    return { kind: 'exact', host: formatIpv4(mapped), hostKind: 'ipv4' };
  }
  const canonical = formatIpv6(groups);
  if (canonical !== address) {
    noteRepaired(
      diagnosis,
      'IP_NOT_CANONICAL',
      host,
      'Browsers send IPv6 addresses compressed and in lower case.',
    );
  }
  return { kind: 'exact', host: `[${canonical}]`, hostKind: 'ipv6' };
}
