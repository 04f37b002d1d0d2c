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
 * What JSON may hold as it is, and a terminal or an editor acts upon: DEL and C1 controls, line separators of Unicode, marks that
 * turn the direction of writing, and what is not seen. (Escape sequences and line breaks of ASCII are JSON's own to escape.)
 */
const TREACHEROUS =
  /[\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb]|\udb40[\udc00-\udfff]/g;

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

  function clean(line: string): string {
    let cleaned = line;
    for (const secret of concealed) cleaned = cleaned.replaceAll(secret, LEFT_OUT);
    for (const [pattern, replacement] of CREDENTIALS) cleaned = cleaned.replace(pattern, replacement);
    return cleaned.replace(TREACHEROUS, escapeCodeUnits);
  }

  const log = pino(
    {
      level,
      serializers: { err: (error) => loggedError(error), req: loggedRequest },
      hooks: { streamWrite: clean },
    },
    destination ?? pino.destination(1),
  );
  return { log, conceal };
}

/** Without headers and body. The URL is the caller's text, so it is cut. */
function loggedRequest({
  method,
  url,
  ip,
}: {
  readonly method: string;
  readonly url: string;
  readonly ip: string;
}) {
  return { method, url: url.slice(0, MAX_URL_LENGTH), remoteAddress: ip };
}

function escapeCodeUnits(text: string): string {
  return Array.from({ length: text.length }, (_, index) => {
    const digits = text.charCodeAt(index).toString(16).padStart(4, '0');
    return `\\u${digits}`;
  }).join('');
}
