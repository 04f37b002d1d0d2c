/** Why the service could not start; stable, for scripts and tests. The message is for a person. */
export type StartErrorCode =
  | 'settings_invalid'
  | 'embedded_missing'
  | 'embedded_unsupported'
  | 'embedded_failed'
  | 'data_dir_in_use'
  | 'data_dir_unusable'
  | 'port_unavailable';

/** The service cannot start. The message says in one line what is wrong and what to do about it. */
export class StartError extends Error {
  readonly code: StartErrorCode;

  constructor(code: StartErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = 'StartError';
    this.code = code;
  }
}

/**
 * What to print when a start fails: one line, whatever was thrown; with the stack below it when asked for.
 * The password of a URL inside the text, as database drivers like to quote it, is left out.
 */
export function describeFailure(error: unknown, options: { readonly stack: boolean }): string {
  const line = messageOf(error).replace(/\s+/g, ' ').trim();
  const stack = options.stack && error instanceof Error ? `\n${error.stack}` : '';
  return (line + stack).replace(/(\w:\/\/)[^\s/]*@/g, '$1***@');
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Node reports a refused connection to a name with several addresses as an AggregateError without a message.
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  return error.message || error.name;
}
