import type { z } from 'zod';
import { AppError, MAX_PROBLEMS, type ProblemItem } from '../errors.js';

/**
 * Problems as the error that tells of them: of the first {@link MAX_PROBLEMS}, where there are more.
 *
 * @param extra further members of the problem.
 */
export function invalidInput(
  problems: readonly ProblemItem[],
  extra: Readonly<Record<string, unknown>> = {},
): AppError {
  const errors = problems.slice(0, MAX_PROBLEMS);
  const count = errors.length === 1 ? '1 problem' : `${errors.length} problems`;
  const detail =
    errors.length < MAX_PROBLEMS ? `The input has ${count}.` : `The first ${count} of the input.`;
  return new AppError('invalid_input', detail, { errors, extra });
}

/** The first {@link MAX_PROBLEMS} of a zod error, each with an RFC 6901 pointer. `prefix` is put before each pointer. */
export function problemsOf(error: z.ZodError, prefix = ''): readonly ProblemItem[] {
  const problems: ProblemItem[] = [];
  for (const issue of error.issues) {
    if (problems.length >= MAX_PROBLEMS) break;
    problems.push(...toItems(issue, prefix).slice(0, MAX_PROBLEMS - problems.length));
  }
  return problems;
}

function toItems(issue: z.core.$ZodIssue, prefix: string): readonly ProblemItem[] {
  const pointer = prefix + issue.path.map((key) => `/${escapePointer(String(key))}`).join('');
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.slice(0, MAX_PROBLEMS).map((key) => ({
        pointer: `${pointer}/${escapePointer(key)}`,
        code: 'unknown_field',
        detail: 'There is no such field.',
      }));
    case 'custom': {
      const { code, fix }: { code?: unknown; fix?: unknown } = issue.params ?? {};
      return [
        {
          pointer,
          code: typeof code === 'string' ? code : 'invalid',
          detail: issue.message,
          ...(typeof fix === 'string' && { fix }),
        },
      ];
    }
    default:
      return [{ pointer, code: issue.code, detail: issue.message }];
  }
}

// RFC 6901 §3: `~` and `/` are the two characters a reference token escapes.
function escapePointer(token: string): string {
  return token.replaceAll('~', '~0').replaceAll('/', '~1');
}
