import type { Logger } from '../../src/log.js';

/** A logger that keeps `level: message` of what an operator would see. */
export function recordLog(): { readonly log: Logger; readonly logged: string[] } {
  const logged: string[] = [];
  const record = (level: string) => (_fields: object, message: string) =>
    void logged.push(`${level}: ${message}`);
  return {
    logged,
    log: { debug: () => {}, info: record('info'), warn: record('warn'), error: record('error') },
  };
}
