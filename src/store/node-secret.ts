import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Database } from './database.js';

/** Signs what nodes tell one another over Redis, where others may write too. */
export interface Seal {
  /** The text with its signature. */
  close(text: string): string;
  /** The text without it; `undefined` = no node of this database has signed it. */
  open(sealed: string): string | undefined;
}

/** HMAC-SHA256 in base64url. */
const SIGNATURE_LENGTH = 43;

/** The seal of the nodes that share this database. @throws AppError `store_unavailable`. */
export async function openSeal(db: Database, purpose: string): Promise<Seal> {
  const [row] = await db.query<{ readonly secret: Buffer }>('SELECT secret FROM node_secret');
  if (row === undefined) throw new Error('the database has no node secret');
  return createSeal(row.secret, purpose);
}

/** @param purpose so that what was signed for one thing says nothing elsewhere. */
export function createSeal(secret: Buffer, purpose: string): Seal {
  const sign = (text: string) =>
    createHmac('sha256', secret).update(`${purpose}\0${text}`).digest('base64url');
  return {
    close: (text) => sign(text) + text,
    open(sealed) {
      const text = sealed.slice(SIGNATURE_LENGTH);
      const [given, own] = [Buffer.from(sealed.slice(0, SIGNATURE_LENGTH)), Buffer.from(sign(text))];
      return given.length === own.length && timingSafeEqual(given, own) ? text : undefined;
    },
  };
}
