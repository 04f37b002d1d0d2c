import { isDeepStrictEqual } from 'node:util';
import {
  compileSnapshot,
  countOrigins,
  decide,
  parseOrigin,
  parsePattern,
} from '@origin-allowlist/client/core';
import fc from 'fast-check';
import { disagreements } from './agreement.js';
import { edits } from './generated-edits.js';
import { NOW_MS, patternTexts, policyLists, snapshotOf, snapshots } from './generated-lists.js';
import { originTexts, preflights, requests } from './generated-requests.js';
import { targets } from './generated-targets.js';
import { slowDecisions } from './slow-decision.js';
import { slowOrigin } from './slow-origin.js';
import { slowPolicies } from './slow-path.js';
import { slowPattern } from './slow-pattern.js';

/** Something that must hold for everything that is generated. */
export interface Law {
  readonly name: string;
  /** How many of a hundred runs it gets. */
  readonly share: number;
  /** Throws an error that tells both answers where they differ. */
  readonly property: fc.IProperty<unknown>;
}

/** The engine against the slow matcher, part by part and as a whole. */
export const LAWS: readonly Law[] = [
  {
    name: 'an origin is read alike',
    share: 20,
    property: fc.property(patternTexts, originTexts, (pattern, textFrom) => {
      const text = textFrom([pattern]);
      const fast = parseOrigin(text);
      const port = fast?.port === undefined ? '' : String(fast.port);
      agree(slowOrigin(text), fast && { scheme: fast.scheme, host: fast.host, port }, text);
      agree(fast === undefined ? undefined : text, fast?.text, text);
    }),
  },
  {
    name: 'a pattern is taken or refused alike',
    share: 12,
    property: fc.property(patternTexts, (text) => {
      const fast = parsePattern(text);
      const slow = slowPattern(text);
      agree(
        slow && { kind: slow.kind, text },
        fast.ok ? { kind: fast.pattern.kind, text: fast.pattern.text } : undefined,
        text,
      );
    }),
  },
  {
    name: 'a path leads to the same policy',
    share: 15,
    property: fc.property(policyLists, targets, (policies, target) => {
      const compiled = compileSnapshot(snapshotOf([], policies));
      const slow = slowPolicies(
        policies.map(({ name, paths }) => [name, paths]),
        target,
      );
      const fast = decide({ method: 'GET', target }, compiled, NOW_MS).policy;
      if (!slow.includes(fast)) agree(slow, fast, target);
    }),
  },
  {
    name: 'a preflight is answered alike',
    share: 15,
    property: fc.property(
      policyLists,
      fc.tuple(preflights, preflights),
      fc.constantFrom('https://example.com', '*'),
      (policies, [one, other], pattern) => {
        const snapshot = snapshotOf([{ pattern }], policies);
        const compiled = compileSnapshot(snapshot);
        // The first once more: what was kept of it must be the answer to it, and to no other.
        for (const asked of [one, other, one]) {
          const request = { ...asked, origin: 'https://example.com' };
          const fast = decide(request, compiled, NOW_MS);
          tell(disagreements(slowDecisions(request, snapshot, NOW_MS), fast), { request, snapshot });
        }
      },
    ),
  },
  {
    name: 'a request is decided alike',
    share: 28,
    property: fc.property(snapshots, requests, (snapshot, requestFrom) => {
      const request = requestFrom(snapshot.entries.map(({ pattern }) => pattern));
      const compiled = compileSnapshot(snapshot);
      const fast = decide(request, compiled, NOW_MS);
      tell(disagreements(slowDecisions(request, snapshot, NOW_MS), fast), { request, snapshot });
      // Asked again it may be answered by what was kept.
      agree(fast, decide(request, compiled, NOW_MS), 'asked again');
    }),
  },
  {
    name: 'a list that was edited decides like one made anew',
    share: 10,
    property: fc.property(
      snapshots,
      fc.array(edits, { maxLength: 8 }),
      requests,
      (before, steps, requestFrom) => {
        const compiled = compileSnapshot(before);
        const edited = steps.reduce((list, edit) => edit(list, compiled.origins), before.entries);
        const snapshot = snapshotOf(edited, before.policies);
        const known = new Set(
          edited.filter(({ pattern }) => slowPattern(pattern)).map(({ pattern }) => pattern),
        );
        agree(known.size, countOrigins(compiled.origins), 'the number of entries');
        const request = requestFrom([...before.entries, ...edited].map(({ pattern }) => pattern));
        const fast = decide(request, compiled, NOW_MS);
        tell(disagreements(slowDecisions(request, snapshot, NOW_MS), fast), { request, before, snapshot });
      },
    ),
  },
];

/** @param slow what must be. */
function agree(slow: unknown, fast: unknown, about: string): void {
  const differs = `must be ${JSON.stringify(slow)}, is ${JSON.stringify(fast)}`;
  tell(isDeepStrictEqual(slow, fast) ? [] : [differs], { about });
}

function tell(differences: readonly string[], about: Readonly<Record<string, unknown>>): void {
  if (differences.length === 0) return;
  throw new Error(`${differences.join('; ')}\n  ${JSON.stringify(about)}`.replace(LONG_RUN, '$1…×many…'));
}

/** What would hide the rest of a message. */
const LONG_RUN = /(.{1,3}?)\1{40,}/gs;
