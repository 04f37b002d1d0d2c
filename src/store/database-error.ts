import { DatabaseError } from 'pg';
import { AppError } from '../errors.js';
import { Prisma } from './generated/client.js';

/**
 * SQLSTATE classes and codes that say "not now" rather than "not like this": no connection (08), no resources (53),
 * an operator or a timeout stepped in (57), a transaction ended or refused (25, 40), a lock not had in time (55P03),
 * credentials or a database that are not there (28, 3D).
 */
const UNAVAILABLE = /^(?:08|25|28|3D|40|53|57)...$|^55P03$/;

/**
 * Values a server refuses to hold: a number or an instant out of range (22003, 22008) or an instant that is none (22007), text
 * such as NUL or half a surrogate pair (the others).
 */
const UNSTORABLE = /^22(?:003|007|008|021|P02|P05)$/;

/**
 * What becomes of an error of the driver or of Prisma: {@link AppError} `store_unavailable` when Postgres refuses, is too
 * slow or went away, `invalid_input` for a value it cannot hold; anything else, a duplicate for one, comes back as it is.
 */
export function toStoreError(error: unknown): unknown {
  if (error instanceof AppError || isMistake(error)) return error;
  const sqlState = sqlStateOf(error);
  // What the driver itself reports (refused, reset, timed out, terminated) carries no SQLSTATE.
  if (sqlState === undefined || UNAVAILABLE.test(sqlState)) return unavailable(error);
  if (!UNSTORABLE.test(sqlState)) return error;
  return new AppError('invalid_input', 'It holds a value that cannot be stored.', { cause: error });
}

/** The `store_unavailable` error every caller sees. */
export function unavailable(cause: unknown): AppError {
  return new AppError('store_unavailable', 'The database does not answer; nothing was written.', { cause });
}

/** Name of the unique index a statement ran into; `undefined` when it failed otherwise. */
export function violatedIndex(error: unknown): string | undefined {
  return error instanceof DatabaseError && error.code === '23505' ? error.constraint : undefined;
}

function isMistake(error: unknown): boolean {
  return (
    error instanceof Prisma.PrismaClientValidationError ||
    error instanceof Prisma.PrismaClientRustPanicError ||
    error instanceof TypeError
  );
}

function sqlStateOf(error: unknown): string | undefined {
  if (error instanceof DatabaseError) return error.code;
  if (!(error instanceof Prisma.PrismaClientKnownRequestError)) return undefined;
  // Prisma's own codes (P2010, P1001) say less than the server's, which it hands on when there was one.
  const { cause }: { cause?: { originalCode?: unknown } } = Object(error.meta?.driverAdapterError);
  return typeof cause?.originalCode === 'string' ? cause.originalCode : undefined;
}
