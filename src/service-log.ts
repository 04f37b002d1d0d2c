import { type DestinationStream, type LevelWithSilent, type Logger, pino } from 'pino';
import { loggedError } from './logged-error.js';

/** The log of the process, and what must never stand in it. */
export interface ServiceLog {
  readonly log: Logger;
  /** From now on this text is left out wherever it turns up; for secrets that are known only later. */
  conceal(secret: string | undefined): void;
}

/** What {@link openServiceLog} goes by. */
export interface ServiceLogOptions {
  readonly level: LevelWithSilent;
  /** Texts that are left out, such as the admin key and the passwords of databases. */
  readonly secrets: readonly (string | undefined)[];
  /** Default: the standard output. */
  readonly destination?: DestinationStream | undefined;
}

/** A shorter text is no secret, and would tear holes into words. */
const SHORTEST_SECRET = 8;
const MAX_URL_LENGTH = 1_000;
const LEFT_OUT = '***';

/** Our keys but for the part that is shown of them anyway, credentials behind their scheme, and what a URL names a user by. */
const CREDENTIALS: readonly (readonly [RegExp, string])[] = [
  [/(oak_[\w-]{8})[\w-]+/g, `$1${LEFT_OUT}`],
  [/\b(bearer|basic)((?:\s|\+|%20)+)[\w.~+/=%-]+/gi, `$1$2${LEFT_OUT}`],
  [/(\w:\/\/)[^\s/"]*@/g, `$1${LEFT_OUT}@`],
];

/**
 * What JSON may hold as it is, and a terminal or an editor may act upon, turn around, hide or mistake for a letter: all that is not
 * printable ASCII. A list of what is treacherous would end where Unicode does not. (What ASCII has of it JSON escapes by itself.)
 */
const NOT_PRINTABLE = /[^\n -~]/g;

/**
 * One line of JSON an event, of which every line is cleaned as the last step before it is written: whatever is logged, by us or
 * by a library, holds no key and forges no line.
 */
export function openServiceLog({ level, secrets, destination }: ServiceLogOptions): ServiceLog {
  const concealed = new Set<string>();

  function conceal(secret: string | undefined): void {
    if (secret === undefined || secret.length < SHORTEST_SECRET) return;
    for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]) {
      concealed.add(form);
    }
  }
  for (const secret of secrets) conceal(secret);

  function withoutSecrets(text: string): string {
    let cleaned = text;
    for (const secret of concealed) cleaned = cleaned.replaceAll(secret, LEFT_OUT);
    for (const [pattern, replacement] of CREDENTIALS) cleaned = cleaned.replace(pattern, replacement);
    return cleaned;
  }

  function clean(line: string): string {
    return withoutSecrets(line).replace(NOT_PRINTABLE, escapeCodeUnits);
  }

  const log = pino(
    {
      level,
      // What is cut is cleaned before: of a secret in two nobody would know the first half.
      serializers: {
        err: (error) => loggedError(error, withoutSecrets),
        req: (request) => loggedRequest(request, withoutSecrets),
      },
      hooks: { streamWrite: clean },
    },
    destination ?? pino.destination(1),
  );
  return { log, conceal };
}

interface LoggedRequest {
  readonly method: string;
  readonly url: string;
  readonly ip: string;
}

/** Without headers and body. The URL is the caller's text, so it is cut. */
function loggedRequest({ method, url, ip }: LoggedRequest, clean: (text: string) => string) {
  return { method, url: clean(url).slice(0, MAX_URL_LENGTH), remoteAddress: ip };
}

function escapeCodeUnits(text: string): string {
  return Array.from({ length: text.length }, (_, index) => {
    const digits = text.charCodeAt(index).toString(16).padStart(4, '0');
    return `\\u${digits}`;
  }).join('');
}
