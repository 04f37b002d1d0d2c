import { randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';

const PREFIX = 'oak_';
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 62^43 is above 2^256. */
const RANDOM_LENGTH = 43;
/** 62^6 is above 2^32. */
const CHECKSUM_LENGTH = 6;
/** How much of a key is kept to tell it from others: the prefix and 47 of its 256 bits. */
const SHOWN_LENGTH = PREFIX.length + 8;

const KEY = /^oak_[0-9A-Za-z]{49}$/;
/** Keys of before there were checksums: 32 bytes in base64url. They stay good. */
const KEY_WITHOUT_CHECKSUM = /^oak_[\w-]{43}$/;

/**
 * A new key: the prefix, 256 random bits, and the CRC-32 of both, so that whoever scans code and logs for keys can tell one from a
 * look-alike without asking us. Letters and digits only: a double click selects all of it.
 */
export function createKeyText(): string {
  const random = Array.from({ length: RANDOM_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  return withChecksum(PREFIX + random);
}

/** Whether a text could be a key of ours. What is mistyped or made up is refused without a query. */
export function isKeyText(text: string): boolean {
  if (KEY.test(text)) return withChecksum(text.slice(0, -CHECKSUM_LENGTH)) === text;
  return KEY_WITHOUT_CHECKSUM.test(text);
}

/** What is shown of a key after it was shown whole once. */
export function shownPrefix(key: string): string {
  return key.slice(0, SHOWN_LENGTH);
}

function withChecksum(text: string): string {
  let rest = crc32(text);
  let digits = '';
  for (let place = 0; place < CHECKSUM_LENGTH; place += 1) {
    digits = ALPHABET.charAt(rest % ALPHABET.length) + digits;
    rest = Math.floor(rest / ALPHABET.length);
  }
  return text + digits;
}
