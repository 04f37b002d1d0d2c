import type { Decision } from './decision.js';
import type { DecisionRequest } from './decision-request.js';
import { covers } from './path.js';
import { MAX_PATH_LENGTH, pathOf, readingsOf } from './path-reading.js';
import type { PolicyTable } from './policy-table.js';
import { shownNames, shownText } from './shown-text.js';

/** Which policy answered, and how it was chosen. Texts of the request are escaped and cut. */
export type ExplainedPolicy =
  | {
      readonly chosenBy: 'path';
      readonly name: string;
      readonly path: string;
      /** The longest path prefix of all policies that covers the path. */
      readonly prefix: string;
    }
  | { readonly chosenBy: 'name'; readonly name: string }
  | {
      readonly chosenBy: 'ambiguous_path';
      readonly name: null;
      readonly path: string;
      /** What routers may read the path as, and the policy that each leads to; empty when it cannot be read at all. */
      readonly readings: readonly { readonly path: string; readonly policy: string }[];
    }
  | {
      readonly chosenBy: 'unknown_name';
      readonly name: null;
      readonly asked: string;
      readonly known: readonly string[];
    }
  /** There is no list, so there are no policies. */
  | { readonly chosenBy: 'nothing'; readonly name: null };

/** @param table `undefined` = the decision was made without a list. */
export function explainPolicy(
  request: DecisionRequest,
  { policy: name }: Decision,
  table: PolicyTable | undefined,
): ExplainedPolicy {
  if (table === undefined) return { chosenBy: 'nothing', name: null };
  const { policy: asked, target = '/' } = request;
  if (asked !== undefined) {
    if (name !== undefined) return { chosenBy: 'name', name };
    return { chosenBy: 'unknown_name', name: null, asked: shownText(asked), known: [...table.byName.keys()] };
  }
  const path = pathOf(target);
  if (name === undefined || path === undefined) {
    const readings = path === undefined ? [] : explainReadings(path, table);
    return { chosenBy: 'ambiguous_path', name: null, path: shownText(path ?? target), readings };
  }
  const binding = table.bindings.find(({ prefix }) => covers(prefix, path));
  return { chosenBy: 'path', name, path: shownText(path), prefix: binding?.prefix ?? '/' };
}

function explainReadings(path: string, { bindings }: PolicyTable) {
  const readings = path.length > MAX_PATH_LENGTH ? [] : (readingsOf(path) ?? []);
  return [...new Set(readings)].flatMap((reading) => {
    const choice = bindings.find(({ prefix }) => covers(prefix, reading))?.choice;
    return choice?.ok === true ? [{ path: shownText(reading), policy: choice.policy.name }] : [];
  });
}

/** The same in a sentence; empty when there is nothing to say. */
export function policySentence(policy: ExplainedPolicy): string {
  switch (policy.chosenBy) {
    case 'path':
      return `The policy is ${policy.name}, which the path ${policy.path} leads to by the prefix ${policy.prefix}.`;
    case 'name':
      return `The policy is ${policy.name}, which was asked for by name.`;
    case 'ambiguous_path':
      return ambiguitySentence(policy);
    case 'unknown_name':
      return `The policy ${policy.asked} was asked for; there are ${shownNames(policy.known)}.`;
    case 'nothing':
      return '';
  }
}

function ambiguitySentence({
  path,
  readings,
}: Extract<ExplainedPolicy, { chosenBy: 'ambiguous_path' }>): string {
  const [first] = readings;
  const other = readings.find(({ policy }) => policy !== first?.policy);
  if (first === undefined) return `No policy: the path ${path} cannot be decoded, or is no path.`;
  if (other === undefined) return `No policy: routers may read the path ${path} in several ways.`;
  return `No policy: the path is read as ${first.path} (policy ${first.policy}) or as ${other.path} (policy ${other.policy}).`;
}
