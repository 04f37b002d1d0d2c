import type { Ask, BrowserCase, Measured } from './browser-case.js';
import type { Group } from './matrix.js';
import type { Results } from './measurement.js';

const INTRODUCTION = `# In a real browser

What Chromium did with the answers of every adapter. A page on a \`*.localhost\` name asks a real server of that kind, on another
port; the server counts what reaches it before any adapter sees it, so a preflight the browser kept is one that was not sent.

\`npx vitest run test/browser -u\` writes this file from what it measures, and \`test/browser\` fails where that differs. The rows are
data: \`test/browser/*-cases.ts\`.

* **Asks**: \`fetch\` unless said otherwise. \`{port}\` is where pages are served, \`{elsewhere}\` a second port of theirs, \`{api}\` the
  server, \`{other}\` the same server by another name, and so another origin.
* **Page gets**: the status of an answer it may read, and the \`x-\` headers it is shown; *refused* = the browser kept the answer, or
  never sent the request; *opaque* = sent, and by the page's own wish not to be read.
* **Reached the app**: what came past the adapter. CORS hides answers; only a refused preflight, or \`block\`, stops requests.
* **✓**: the same as in the columns before; otherwise what differed there.
`;

/** The matrix with what was measured, as Markdown. Takes every row's result; throws for one that is missing. */
export function documentOf(groups: readonly Group[], results: ReadonlyMap<BrowserCase, Results>): string {
  return [INTRODUCTION, ...groups.map((group) => section(group, results))].join('\n');
}

function section(
  { title, cases, servers, except }: Group,
  results: ReadonlyMap<BrowserCase, Results>,
): string {
  const names = Object.keys(servers);
  const outside = except?.servers ?? [];
  const header = ['Given', 'Page', 'Listed', 'Policy', 'Asks', 'Page gets', 'Preflights', 'Reached the app'];
  const lines = [
    row([...header, ...names, ...outside]),
    row([...header, ...names, ...outside].map(() => '---')),
    ...cases.map((browserCase) => {
      const measured = results.get(browserCase) ?? {};
      const all = names.map((name) => resultOf(measured, name));
      return row([...situation(browserCase), ...compared(all), ...outside.map(() => 'n/a')]);
    }),
  ];
  const note = except === undefined ? '' : `\nn/a: ${outside.map(code).join(' and ')} ${except.why}\n`;
  return `## ${title}\n\n${lines.join('\n')}\n${note}`;
}

function resultOf(results: Results, name: string): Measured {
  const result = results[name];
  if (result === undefined) throw new Error(`A row was not measured through ${name}.`);
  return result;
}

function situation({ title, page, isSandboxed = false, list, policy, options, asks }: BrowserCase): string[] {
  const settings = Object.entries({ ...policy, ...options }).map(
    ([name, value]) => `${name}: ${[value].flat().join(', ') || 'none'}`,
  );
  return [
    title,
    `${code(page)}${isSandboxed ? ' in a sandboxed frame' : ''}`,
    list.map(code).join('<br>') || 'nothing',
    settings.map(code).join('<br>'),
    asks.map(textOf).join('<br>'),
  ];
}

function textOf(ask: Ask): string {
  switch (ask.by) {
    case 'pause':
      return `${ask.ms / 1_000} s later`;
    case 'form':
      return `a form, ${code(`POST ${ask.url}`)}`;
    case 'WebSocket':
      return `${code('new WebSocket')}`;
    case 'Socket.IO':
      return `Socket.IO, ${ask.transport}`;
    case 'fetch': {
      const { method = 'GET', url, headers = {}, credentials, mode } = ask;
      const names = Object.keys(headers).map((name) => `, ${code(name)}`);
      const ways = [...(mode ? [`, ${mode}`] : []), ...(credentials ? [', with credentials'] : [])];
      return [code(`${method} ${url}`), ...names, ...ways].join('');
    }
  }
}

/** What the first saw, and of each whether it saw that. */
function compared([first, ...others]: readonly Measured[]): string[] {
  if (first === undefined) throw new Error('A group has no servers.');
  const shown = columns(first);
  const verdicts = others.map((other) => {
    const its = columns(other);
    return its.every((text, index) => text === shown[index]) ? '✓' : its.join('; ');
  });
  return [...shown, '✓', ...verdicts];
}

function columns({ page, preflights, handled, stopped = 0 }: Measured): string[] {
  const reached = handled.join('<br>') || 'nothing';
  return [page.join('<br>'), String(preflights), stopped === 0 ? reached : `${reached}; ${stopped} stopped`];
}

const code = (text: string) => `\`${text}\``;

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
