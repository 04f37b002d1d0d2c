import { checkPolicySettings, DEFAULT_POLICY, isPolicyName, type PathChoice } from './core/index.js';
import { choosePath } from './core/path.js';
import { compilePolicy } from './core/policy.js';
import { OptionsError } from './options.js';

/** Which policy a middleware asks for. */
export interface RouteOptions {
  /**
   * Policies by path prefix: `{ '/predict': 'predict' }` decides `/predict` and all below it by the policy `predict`, preflights
   * included. Prefixes end on segment borders and the longest wins. A path that routers may read in several ways is refused when
   * the readings lead to different policies. Default: none.
   */
  readonly routes?: Readonly<Record<string, string>>;
  /** The policy of every other path. Default: the one the tenant's own policies give the path. */
  readonly policy?: string;
}

/** What a middleware's options say about one path. */
export interface RouteChoice {
  /** A policy by name; `undefined` = the one the tenant's own policies give the path. */
  readonly policy: string | undefined;
  /** The path has readings that lead to different policies. */
  readonly isAmbiguous: boolean;
}

const AMBIGUOUS: RouteChoice = { policy: undefined, isAmbiguous: true };

/**
 * Makes the choice ready. It goes by the core's own rules for paths.
 *
 * @throws OptionsError with every problem at once: a prefix that could never match, a name no policy can have.
 */
export function compileRoutes({ routes = {}, policy }: RouteOptions): (target: string) => RouteChoice {
  checkRoutes(routes, policy);
  const otherwise: RouteChoice = { policy, isAmbiguous: false };
  if (Object.keys(routes).length === 0) return () => otherwise;

  const names = new Set(Object.values(routes));
  const choices = new Map([...names].map((name) => [name, choiceOf(name)]));
  const rest = choiceOf('default');
  const bindings = Object.entries(routes).map(([prefix, name]) => ({
    prefix,
    choice: choices.get(name) ?? rest,
  }));
  bindings.push({ prefix: '/', choice: rest });
  bindings.sort((a, b) => b.prefix.length - a.prefix.length);
  const answers = new Map<PathChoice, RouteChoice>([[rest, otherwise]]);
  for (const [name, choice] of choices) answers.set(choice, { policy: name, isAmbiguous: false });
  return (target) => answers.get(choosePath(bindings, target)) ?? AMBIGUOUS;
}

/** Throws when a policy cannot have this name. */
export function checkPolicyName(name: string): void {
  checkRoutes({}, name);
}

function choiceOf(name: string): PathChoice {
  return { ok: true, policy: compilePolicy({ ...DEFAULT_POLICY, name }) };
}

function checkRoutes(routes: Readonly<Record<string, string>>, policy: string | undefined): void {
  const paths = Object.keys(routes);
  const names = [...Object.values(routes), ...(policy === undefined ? [] : [policy])];
  const problems = [
    ...checkPolicySettings({ ...DEFAULT_POLICY, paths }).map(
      ({ pointer, detail }) => `Route ${paths[Number(pointer.slice('/paths/'.length))]}: ${detail}`,
    ),
    ...names
      .filter((name) => !isPolicyName(name))
      .map((name) => `No policy can be named ${JSON.stringify(name)}.`),
  ];
  if (problems.length > 0) throw new OptionsError(problems);
}
