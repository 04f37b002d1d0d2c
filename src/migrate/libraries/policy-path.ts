import { checkPolicySettings, DEFAULT_POLICY } from '@origin-allowlist/client/core';
import type { Library } from '../configuration/library.js';
import type { Mount } from '../configuration/mount.js';
import type { Value } from '../literal/value.js';
import { type Report, refuse, tell } from '../report.js';

/** What a path is to a router: the beginning of others, or itself alone. */
export type PathKind = 'prefix' | 'exact';

/**
 * The paths of policies for where a layer was mounted; none when it cannot be told, which is refused.
 *
 * @param hinted paths that the caller says, for what the source mounts on none.
 */
export function policyPaths(
  mount: Mount,
  library: Library,
  hinted: readonly string[] | undefined,
  report: Report,
): readonly string[] {
  switch (mount.kind) {
    case 'app':
      return hinted ?? ['/'];
    case 'unsaid':
      if (hinted !== undefined) return hinted;
      refuse(report, mount.written, 'COMPUTED', 'The source does not say which path it is for.', SAY_PATH);
      return [];
    case 'refused':
      refuse(report, mount.written, mount.code, mount.reason, mount.instead);
      return [];
    case 'paths': {
      // Hono's `use('/api')` is for that path alone.
      const kind = library === 'hono/cors' ? 'exact' : mount.pathKind;
      const paths = mount.paths.flatMap((path) => policyPath(path, kind, library, report) ?? []);
      return [...new Set(paths)];
    }
  }
}

const SAY_PATH = 'The path as a text; or convert the layer by itself and say its path: --path /predict';

/**
 * The prefix of a policy for the path that a layer was mounted on. Of a path with parameters or wildcards in the middle no
 * prefix says the same: it is refused.
 */
function policyPath(value: Value, kind: PathKind, library: Library, report: Report): string | undefined {
  if (value.kind !== 'text') {
    const [code, reason] =
      value.kind === 'regex'
        ? (['PATH', 'A policy’s path is literal: no expression.'] as const)
        : (['COMPUTED', 'The path it is mounted on is known only when the program runs.'] as const);
    refuse(report, value, code, reason, SAY_PATH);
    return undefined;
  }
  const stem = value.text.replace(/(?:^|\/)(?:\*\w*|\(\.\*\)|\{\*\w+\})$/, '');
  const parameter = stem.search(/[:*<({]/);
  if (parameter !== -1) {
    const before = stem.slice(0, stem.lastIndexOf('/', parameter)) || '/';
    report.refused.push({
      code: 'PATH',
      text: value.source,
      resists: stem.slice(parameter),
      reason: 'A policy’s path is literal: it holds no parameters and no wildcards.',
      instead: `The prefix ${before}, if all that is below it may have these settings.`,
    });
    return undefined;
  }
  const path = literalPath(stem, value.source, report, library === 'cors');
  const isExact = kind === 'exact' && stem === value.text;
  if (path === '/' && isExact) {
    refuseRoot(value.source, report);
    return undefined;
  }
  if (path !== undefined && isExact) {
    tell(
      report,
      value.source,
      'PATH_WIDER',
      `It was for this path alone; a policy for ${path} covers what is below it too.`,
      {
        examples: [`${path}/x`],
      },
    );
  }
  return path;
}

/** Refuses `/` where it was for that path alone: a policy for it is for the whole app. */
export function refuseRoot(source: string, report: Report): void {
  const reason = 'It was for this path alone, and a policy for / covers the whole app.';
  const instead =
    'If the whole app may have these settings, convert the layer by itself and say so: --path /';
  refuse(report, { source }, 'PATH', reason, instead);
}

/**
 * A literal path in the form that policies have. A path with doubled slashes, dot segments or encoded characters is another
 * one to some routers, and one with capitals to most: what it would be written as was perhaps never open.
 *
 * @param ignoresCase whether the router takes capitals for small letters, as Express does by default.
 */
export function literalPath(
  text: string,
  source: string,
  report: Report,
  ignoresCase = false,
): string | undefined {
  const path = text.length > 1 && text.endsWith('/') ? text.slice(0, -1) : text || '/';
  const [problem] = checkPolicySettings({ ...DEFAULT_POLICY, paths: [path] });
  if (problem === undefined) return path;
  // ASCII alone: to Express the sign for kelvin is no `k`.
  const lower = path.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
  if (!ignoresCase || problem.fix !== lower) {
    report.refused.push({
      code: 'PATH',
      text: source,
      resists: path,
      reason: problem.detail,
      instead: 'The plain path in lower case that requests come with.',
    });
    return undefined;
  }
  const detail = `The policy is for ${lower}; requests that write the path in another way are refused.`;
  tell(report, source, 'PATH_NARROWER', detail, { examples: [path] });
  return lower;
}
