/** The subset of the Dockerfile language ours is written in; a word outside it is an error, never skipped. */

export interface Copy {
  readonly kind: 'copy';
  /** A stage's name; `undefined` is the build context. */
  readonly from: string | undefined;
  readonly sources: readonly string[];
  readonly destination: string;
}

export type Step =
  | Copy
  | { readonly kind: 'workdir'; readonly path: string }
  | { readonly kind: 'env'; readonly variables: Readonly<Record<string, string>> }
  | { readonly kind: 'run'; readonly command: string };

export interface Stage {
  readonly name: string | undefined;
  readonly base: string;
  readonly steps: readonly Step[];
  readonly user: string | undefined;
  readonly port: number | undefined;
  readonly healthcheck: readonly string[] | undefined;
  readonly command: readonly string[] | undefined;
}

type Draft = { -readonly [Key in keyof Stage]: Stage[Key] } & { steps: Step[] };

/** @throws Error naming the instruction this reader does not know. */
export function parseDockerfile(text: string): readonly Stage[] {
  const stages: Draft[] = [];
  for (const line of instructionsOf(text)) {
    const [, keyword = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    const stage = stages.at(-1);
    if (keyword === 'FROM') stages.push(startStage(rest));
    else if (stage === undefined) throw new Error(`before the first FROM: ${line}`);
    else addTo(stage, keyword, rest);
  }
  return stages;
}

/** Comments dropped, continued lines joined. */
function instructionsOf(text: string): readonly string[] {
  const lines = text.split('\n').filter((line) => !/^\s*#/.test(line));
  const joined = lines.join('\n').replaceAll(/\\\n\s*/g, '');
  return joined.split('\n').filter((line) => line.trim() !== '');
}

function startStage(rest: string): Draft {
  const [, base = '', name] = /^(\S+)(?:\s+AS\s+(\S+))?$/.exec(rest) ?? [];
  return {
    name,
    base,
    steps: [],
    user: undefined,
    port: undefined,
    healthcheck: undefined,
    command: undefined,
  };
}

function addTo(stage: Draft, keyword: string, rest: string): void {
  switch (keyword) {
    case 'WORKDIR':
      stage.steps.push({ kind: 'workdir', path: rest });
      break;
    case 'COPY':
      stage.steps.push(readCopy(rest));
      break;
    case 'ENV':
      stage.steps.push({ kind: 'env', variables: readVariables(rest) });
      break;
    case 'RUN':
      // A path from the root would be this machine's, not the image's.
      if (/(^|\s)\//.test(rest)) throw new Error(`RUN with an absolute path: ${rest}`);
      stage.steps.push({ kind: 'run', command: rest });
      break;
    case 'USER':
      stage.user = rest;
      break;
    case 'EXPOSE':
      stage.port = Number(rest);
      break;
    case 'HEALTHCHECK':
      stage.healthcheck = readWords(rest.slice(rest.indexOf('CMD ') + 'CMD '.length));
      break;
    case 'CMD':
      stage.command = readWords(rest);
      break;
    default:
      throw new Error(`not read here: ${keyword} ${rest}`);
  }
}

function readCopy(rest: string): Copy {
  const words = rest.split(/\s+/);
  const from = words[0]?.startsWith('--from=') ? words.shift()?.slice('--from='.length) : undefined;
  if (words.some((word) => word.startsWith('-')))
    throw new Error(`COPY with an option not read here: ${rest}`);
  return { kind: 'copy', from, sources: words.slice(0, -1), destination: words.at(-1) ?? '' };
}

function readVariables(rest: string): Record<string, string> {
  return Object.fromEntries(
    rest.split(/\s+/).map((pair) => {
      const [name = '', value = ''] = pair.split('=');
      return [name, value];
    }),
  );
}

/** The exec form only: a shell in between would keep SIGTERM from the process. */
function readWords(text: string): readonly string[] {
  const words: unknown = JSON.parse(text);
  if (!Array.isArray(words) || !words.every((word) => typeof word === 'string')) {
    throw new Error(`not in exec form: ${text}`);
  }
  return words;
}
