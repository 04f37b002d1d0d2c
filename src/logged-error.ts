const MAX_CAUSES = 5;
/** Both may quote what a caller sent. */
const MAX_MESSAGE_LENGTH = 2_000;
const MAX_STACK_LENGTH = 10_000;

/** What the log keeps of an error. */
export interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string | undefined;
  readonly stack?: string | undefined;
  readonly cause?: LoggedError | undefined;
}

/**
 * The `err` of a log line: named fields only. pino's own serializer copies every property, and a database driver hangs
 * its whole client on the error, the key that cancels its queries included.
 *
 * @param clean takes secrets out of a text, before it is cut. Default: leaves it as it is.
 */
export function loggedError(
  error: unknown,
  clean: (text: string) => string = (text) => text,
  depth = 0,
): LoggedError {
  if (!(error instanceof Error))
    return { type: typeof error, message: clean(String(error)).slice(0, MAX_MESSAGE_LENGTH) };
  const { code, cause }: { code?: unknown; cause?: unknown } = error;
  return {
    type: error.name,
    message: clean(error.message).slice(0, MAX_MESSAGE_LENGTH),
    code: typeof code === 'string' ? code : undefined,
    stack: error.stack === undefined ? undefined : clean(error.stack).slice(0, MAX_STACK_LENGTH),
    cause: cause === undefined || depth === MAX_CAUSES ? undefined : loggedError(cause, clean, depth + 1),
  };
}
