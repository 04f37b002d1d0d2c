import type { Value } from '../literal/value.js';
import { type Report, tell } from '../report.js';
import { isProbablyRegex } from './flask-origins.js';
import { refuseValue } from './option-value.js';
import { literalPath, refuseRoot } from './policy-path.js';

/** A path of `resources`, and the options that are for it alone. */
export interface FlaskResource {
  readonly path: string;
  readonly options: Value | undefined;
}

/** What flask-cors makes of `resources`: one or several paths, or a dict of options by path. */
export function flaskResources(value: Value | undefined, report: Report): readonly FlaskResource[] {
  if (value === undefined) return [{ path: '/', options: undefined }];
  switch (value.kind) {
    case 'dict':
      return value.entries.flatMap(({ key, value: options }) =>
        key === undefined ? refused(options, report) : resourceOf(key, options, report),
      );
    case 'list':
      return value.items.flatMap((item) => resourceOf(item, undefined, report));
    default:
      return resourceOf(value, undefined, report);
  }
}

function refused(value: Value, report: Report): readonly FlaskResource[] {
  refuseValue(report, value);
  return [];
}

function resourceOf(key: Value, options: Value | undefined, report: Report): readonly FlaskResource[] {
  const text = key.kind === 'text' ? key.text : key.kind === 'regex' ? key.regex.source : undefined;
  if (text === undefined) return refused(key, report);
  if (text === '*' || text === '') return [{ path: '/', options }];
  const isRegex = key.kind === 'regex' || isProbablyRegex(text);
  const path = isRegex ? regexPath(text, key.source, report) : exactPath(text, key.source, report);
  return path === undefined ? [] : [{ path, options }];
}

/** Without a character of an expression the path is compared as a whole. */
function exactPath(text: string, source: string, report: Report): string | undefined {
  const path = literalPath(text, source, report);
  if (path === '/') {
    refuseRoot(source, report);
    return undefined;
  }
  if (path !== undefined) tellWider(path, [`${path}/x`], source, report);
  return path;
}

/**
 * What may end an expression for a path, longest first: whether it matched the path itself, and what else only begins like it.
 * flask-cors uses `re.match`, so without `$` anything may follow.
 */
const ENDS: readonly {
  readonly end: string;
  readonly itself: boolean;
  readonly below: boolean;
  readonly beside: boolean;
}[] = [
  { end: '(/.*)?$', itself: true, below: true, beside: false },
  { end: '(?:/.*)?$', itself: true, below: true, beside: false },
  { end: '/?.*', itself: true, below: true, beside: true },
  { end: '/(.*)', itself: false, below: true, beside: false },
  { end: '/.*', itself: false, below: true, beside: false },
  { end: '/.+', itself: false, below: true, beside: false },
  { end: '/*', itself: true, below: true, beside: true },
  { end: '/?$', itself: true, below: false, beside: false },
  { end: '/$', itself: false, below: false, beside: false },
  { end: '.*', itself: true, below: true, beside: true },
  { end: '/', itself: false, below: true, beside: false },
  { end: '$', itself: true, below: false, beside: false },
  { end: '', itself: true, below: true, beside: true },
];

function regexPath(text: string, source: string, report: Report): string | undefined {
  const whole = text.startsWith('^') ? text.slice(1) : text;
  // A `$` behind `.*` changes nothing.
  const body =
    whole.endsWith('*$') || whole.endsWith('+$') || (whole.endsWith(')$') && !whole.endsWith('?$'))
      ? whole.slice(0, -1)
      : whole;
  const ending = ENDS.find(({ end }) => body.endsWith(end)) ?? ENDS[ENDS.length - 1];
  const stem = body.slice(0, body.length - (ending?.end.length ?? 0)).replaceAll(/\\([/._-])/g, '$1');
  const meta = stem.search(/[\\^$*+?()[\]{}|]/);
  if (meta !== -1 || ending === undefined) return refusePath(stem, Math.max(meta, 0), source, report);
  const path = literalPath(stem === '' ? '/' : stem, source, report);
  if (path === undefined || path === '/') return path;
  const wider = [...(ending.itself ? [] : [path]), ...(ending.below ? [] : [`${path}/x`])];
  if (wider.length > 0) tellWider(path, wider, source, report);
  if (ending.beside) {
    const detail = `The expression also covered paths that only begin like ${path}; the policy does not.`;
    tell(report, source, 'PATH_NARROWER', detail, { examples: [`${path}x`] });
  }
  return path;
}

function tellWider(path: string, examples: readonly string[], source: string, report: Report): void {
  tell(
    report,
    source,
    'PATH_WIDER',
    `The policy is for ${path} and all below it; the resource was for less.`,
    { examples },
  );
}

function refusePath(stem: string, meta: number, source: string, report: Report): undefined {
  const before = stem.slice(0, stem.lastIndexOf('/', meta)) || '/';
  report.refused.push({
    code: 'PATH',
    text: source,
    resists: stem.slice(meta),
    reason: 'A policy’s path is a literal prefix.',
    instead: `A resource for each path that is meant, or the prefix ${before} for all of them.`,
  });
  return undefined;
}
