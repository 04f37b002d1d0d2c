import { cp, mkdir, stat } from 'node:fs/promises';
import { basename, delimiter, dirname, join } from 'node:path';
import type { Copy, Stage } from './dockerfile.js';
import { ROOT, readText, run } from './workspace.js';

/** A folder that stands for a stage's file system, and what the stage says of its environment. */
export interface BuiltStage {
  readonly root: string;
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Builds every stage of a Dockerfile below `folder`, without a container: files are copied and commands run in folders
 * of their own, with this machine's Node in place of the base image's.
 */
export async function buildStages(stages: readonly Stage[], folder: string): Promise<readonly BuiltStage[]> {
  const context = join(folder, 'context');
  await fillContext(context);
  const named = new Map<string, BuiltStage>();
  const built: BuiltStage[] = [];
  for (const [index, stage] of stages.entries()) {
    const result = await buildStage(stage, join(folder, `stage-${index}`), (from) =>
      from === undefined ? context : rootOf(named, from),
    );
    if (stage.name !== undefined) named.set(stage.name, result);
    built.push(result);
  }
  return built;
}

/** This machine's PATH without what npm put there: a tool this repository has must not stand in for one the image lacks. */
export function imagePath(): string {
  const entries = (process.env.PATH ?? '').split(delimiter);
  return entries.filter((entry) => !entry.includes('node_modules')).join(delimiter);
}

/** For a command that needs npm: this machine's settings for it, none of the test run's own variables. */
export function npmEnvironment(env: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const kept = /^(HOME|TMPDIR|LANG|NODE_EXTRA_CA_CERTS|npm_config_.*|https?_proxy|no_proxy)$/i;
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => kept.test(name))),
    PATH: imagePath(),
    npm_config_prefer_offline: 'true',
    ...env,
  };
}

async function buildStage(
  stage: Stage,
  root: string,
  sourceRoot: (from: string | undefined) => string,
): Promise<BuiltStage> {
  let workdir = root;
  let env: Readonly<Record<string, string>> = {};
  await mkdir(root);
  for (const step of stage.steps) {
    switch (step.kind) {
      case 'workdir':
        workdir = join(root, step.path);
        await mkdir(workdir, { recursive: true });
        break;
      case 'env':
        env = { ...env, ...step.variables };
        break;
      case 'copy':
        await copy(step, sourceRoot(step.from), workdir);
        break;
      case 'run':
        await run('sh', ['-c', step.command], { cwd: workdir, env: npmEnvironment(env) });
        break;
    }
  }
  return { root, workdir, env };
}

function rootOf(named: ReadonlyMap<string, BuiltStage>, name: string): string {
  const stage = named.get(name);
  if (stage === undefined) throw new Error(`COPY --from=${name}: no such stage above`);
  return stage.root;
}

/** As COPY does it: a folder's content goes into the destination, a file under its own name when that ends in a slash. */
async function copy({ sources, destination }: Copy, root: string, workdir: string): Promise<void> {
  for (const source of sources) {
    const from = join(root, source);
    const isFolder = (await stat(from)).isDirectory();
    const intoFolder = destination.endsWith('/') && !isFolder;
    const to = join(workdir, destination, intoFolder ? basename(source) : '');
    await mkdir(isFolder ? to : dirname(to), { recursive: true });
    // Node's own takes ten times as long for installed packages.
    await run('cp', ['-a', isFolder ? `${from}/.` : from, to], { cwd: workdir });
  }
}

/** What .dockerignore lets through, in the form ours has: `*`, then what to let in, then what to take out of that. */
async function fillContext(context: string): Promise<void> {
  const rules = (await readText('.dockerignore')).split('\n').filter((line) => !/^(#|\s*$)/.test(line));
  const [first, ...others] = rules;
  if (first !== '*' || others.some((rule) => rule.includes('*'))) throw new Error('not the form read here');
  const left = others.filter((rule) => !rule.startsWith('!')).map((rule) => join(ROOT, rule));
  await mkdir(context);
  for (const rule of others.filter((other) => other.startsWith('!'))) {
    const path = rule.slice(1);
    await cp(join(ROOT, path), join(context, path), {
      recursive: true,
      filter: (source) => !left.includes(source),
    });
  }
}
