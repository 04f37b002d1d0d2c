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
