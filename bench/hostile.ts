/** Origins that cost the most an attacker can make one cost, and near misses: none of them is in any list. */
export const HOSTILE_ORIGINS: Readonly<Record<string, string>> = {
  'as many labels as fit': `https://${'a.'.repeat(120)}example.com`,
  'as long as is read': `${'s'.repeat(64)}://${'a.'.repeat(126)}a:65535`,
  'one letter more': `${'s'.repeat(64)}://${'a.'.repeat(126)}aa:65535`,
  'a label of hyphens': `https://${'-'.repeat(63)}.acme-0.shop.com`,
  'bad at its end': `https://${'a.'.repeat(120)}example.com\x7f`,
  'an address not in its short form': 'https://[2001:db8:0:0:0:0:0:1]:65535',
  'what is listed, and more': 'https://app.acme-0.shop.com.evil.example',
  '8,000 characters': `https://${'a.'.repeat(4000)}`,
};

const NAME = 'x-custom';

/** Access-Control-Request-Headers that are read to their end: the most lines, names or characters there may be. */
export const HEADERS_AT_THE_BOUNDS: Readonly<Record<string, { lines: Lines; allowed: boolean }>> = {
  '64 lines': { lines: Array.from({ length: 64 }, () => `${NAME},${NAME}`.padEnd(64)), allowed: true },
  '128 names': { lines: Array.from({ length: 128 }, () => NAME.padEnd(31)).join(), allowed: true },
  'one name of 4,096 characters': { lines: NAME.padEnd(4096, 'x'), allowed: false },
  '4,096 spaces': { lines: ' '.repeat(4096), allowed: true },
};

/** And those that are refused before they are read to their end. */
export const HEADERS_PAST_THE_BOUNDS: Readonly<Record<string, Lines>> = {
  '65 lines': Array.from({ length: 65 }, () => NAME),
  '4,097 characters': NAME.padEnd(4097, 'x'),
  '100,000 commas': ','.repeat(100_000),
  '17 empty elements': ','.repeat(4096),
};

type Lines = string | readonly string[];
