import type { CodeValue, Value, Written } from '../literal/value.js';
import { partsOf } from './unsettled-names.js';

/** An app's name, and those that are given it. */
export type AppNames = ReadonlySet<string>;

/** Whether a name is one of an app's, or a member of it: `app`, `app.fetch`. */
export function isOfApp(name: string, names: AppNames): boolean {
  for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
    if (names.has(name.slice(0, dot))) return true;
  }
  return names.has(name);
}

/** `app.get('port') || 3000` of Express: a setting, and nothing of the app. */
const SETTING = /^[\w$.]+\.get\((['"])[\w -]+\1\)(?: (?:\|\||\?\?) (?:\d+|'\w+'))?$/;

/** Whether a value holds one of an app's names, or calls something of it. */
export function mentionsApp(value: Value, names: AppNames): boolean {
  if (value.kind === 'name') return isOfApp(value.name, names);
  if (value.kind === 'code') {
    return [...names].some((name) => value.words.has(lastWord(name))) && !SETTING.test(value.source);
  }
  if (value.kind === 'call' && isOfApp(value.callee, names) && !SETTING.test(value.source)) return true;
  return partsOf(value).some((part) => mentionsApp(part, names));
}

function lastWord(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

/** What code begins with that only serves an app: `http.createServer(app).listen(3000)`. */
const SERVING_CODE =
  /^(?:await )?(?:[\w$]+\.)*(?:create(?:Secure)?Server|serve|WSGIServer)\((?:\([^()]*\), |\{[^{}]*\}, |[\w$]+, )?$/;
const MOUNTING_WORDS = ['use', 'mount', 'register', 'register_blueprint'];

/** Whether code that mentions an app goes on with it, serves it or asks for its type, and does not mount it. */
export function isHarmlessCode(code: CodeValue & Written, names: AppNames): boolean {
  const { source, words } = code;
  const own = [...names].filter((name) => words.has(lastWord(name)));
  const mayMount = MOUNTING_WORDS.some((word) => words.has(word));
  return own.some((name) => {
    if (source === `typeof ${name}`) return true;
    const escaped = name.replaceAll(/[$.]/g, '\\$&');
    const [before = '', after = '', ...more] = source.split(
      new RegExp(`(?<![\\w$])${escaped}(?![\\w$])`, 'u'),
    );
    // Of what is cut off a long source, and of other names of the app, the words tell.
    const isOnce = own.length === 1 && more.length === 0 && !source.endsWith('…');
    if (!isOnce && mayMount) return false;
    const goesOn = /^(?:await )?$/.test(before) && /^ ?\./.test(after);
    const isChoice = /\|\||&&|\?[^.]/.test(source);
    return (goesOn && (isOnce || !isChoice)) || isServed(before, after);
  });
}

function isServed(before: string, after: string): boolean {
  return SERVING_CODE.test(before) && /^[\w$.]*(?:\(\))?[),]/.test(after);
}
