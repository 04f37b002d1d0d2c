import type { ServerResponse } from 'node:http';
import type { Decision } from './core/index.js';

/** Whether the answer is out or on its way, so that no header can be written any more. */
export function isAnswered(response: ServerResponse): boolean {
  return response.headersSent || response.writableEnded;
}

/**
 * Enforces a decision that had to be waited for, unless the request was answered meanwhile, as a rule by a timeout: then it is over,
 * and the application is not run. What is thrown on the way breaks off this one answer and is told as the server's `clientError`:
 * nobody is left to catch it, and as an unhandled rejection it would end the process.
 */
export function enforceLate(
  pending: Promise<Decision>,
  response: ServerResponse,
  enforce: (decision: Decision) => void,
): void {
  pending
    .then((decision) => {
      if (!isAnswered(response)) enforce(decision);
    })
    .catch((error: unknown) => {
      if (!response.writableEnded) response.destroy(error instanceof Error ? error : undefined);
    });
}
