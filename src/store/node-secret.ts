import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Database } from './database.js';

/** Signs what nodes tell one another over Redis and keep there, where others may write too. */
export interface Seal {
  /** The signature of the text. */
  sign(text: string): string;
  /** Whether a node with the same secret has signed the text. */
  isSigned(text: string, signature: string): boolean;
  /** The text behind its signature. */
  close(text: string): string;
  /** The text without it; `undefined` = no node with the same secret has signed it. */
  open(sealed: string): string | undefined;
}

/** HMAC-SHA256 in base64url. */
export const SIGNATURE_LENGTH = 43;

/**
 * What the nodes that share this database sign with: the secret that the database holds, unless they were given another.
 *
 * @throws AppError `store_unavailable`.
 */
export async function readNodeSecret(db: Database, given: string | undefined): Promise<Buffer> {
  if (given !== undefined) return Buffer.from(given);
  const [row] = await db.query<{ readonly secret: Buffer }>('SELECT secret FROM node_secret');
  if (row === undefined) throw new Error('the database has no node secret');
  return row.secret;
}

/** @param purpose so that what was signed for one thing says nothing elsewhere. */
export function createSeal(secret: Buffer, purpose: string): Seal {
  const sign = (text: string) =>
    createHmac('sha256', secret).update(`${purpose}\0${text}`).digest('base64url');
  const isSigned = (text: string, signature: string) => {
    const [given, own] = [Buffer.from(signature), Buffer.from(sign(text))];
    return given.length === own.length && timingSafeEqual(given, own);
  };
  return {
    sign,
    isSigned,
    close: (text) => sign(text) + text,
    open(sealed) {
      const text = sealed.slice(SIGNATURE_LENGTH);
      return isSigned(text, sealed.slice(0, SIGNATURE_LENGTH)) ? text : undefined;
    },
  };
}
