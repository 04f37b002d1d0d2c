import { Session } from 'node:inspector';
import { setFlagsFromString } from 'node:v8';

const CORE_OR_LINTER = /\/(?:client\/src\/core|src\/lint)\/[^/]*\.ts$/;
/** Built-ins that look at one character or one place, however long what they are asked of. */
const SINGLE = new Set(['charCodeAt', 'charAt', 'at', 'push', 'pop']);
/** Built-ins that look at no more than what they give, or what they are given: maps and sets hash it. */
const BY_RESULT = new Set(['slice', 'substring']);
const BY_ARGUMENT = new Set(['startsWith', 'endsWith', 'get', 'has', 'set', 'add', 'delete', 'encodeInto']);

/**
 * Counts what engine and linter do while `run` runs: how often V8 enters each block of their code (precise coverage, so that no
 * loop can hide), and for each built-in that they call the size of what that one may go through: a text, an array, a map.
 */
export function countSteps(run: () => void): number {
  // Optimised code counts less exactly, and so does code that runs for the first time.
  setFlagsFromString('--no-opt');
  run();
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  const builtInSteps = watchBuiltIns();
  let steps = 0;
  try {
    run();
  } finally {
    steps = builtInSteps();
    setFlagsFromString('--opt'); // The tests that run in this process later would be slow.
  }
  let blocks = 0;
  session.post('Profiler.takePreciseCoverage', (error, coverage) => {
    if (error !== null) throw error;
    const scripts = coverage.result.filter(({ url }) => CORE_OR_LINTER.test(url));
    const ranges = scripts.flatMap(({ functions }) => functions.flatMap((each) => each.ranges));
    blocks = ranges.reduce((sum, { count }) => sum + count, 0);
  });
  session.disconnect();
  // Without the engine in the report everything would look cheap.
  if (blocks === 0) throw new Error('V8 reported nothing of the engine');
  return blocks + steps;
}

const WATCHED = [Array, String, Map, Set, TextEncoder].map(({ prototype }): object => prototype);

/** @returns what puts the built-ins back and tells how many steps they took. */
function watchBuiltIns(): () => number {
  let steps = 0;
  const methods = WATCHED.flatMap(methodsOf);
  for (const { prototype, name, descriptor, method } of methods) {
    const measure = measureOf(name);
    // Calls no built-in itself: it would watch its own.
    const value = function (this: unknown, ...given: unknown[]): unknown {
      const result: unknown = Reflect.apply(method, this, given);
      steps += 1 + measure(this, given, result);
      return result;
    };
    Object.defineProperty(prototype, name, { ...descriptor, value });
  }
  return () => {
    const taken = steps;
    for (const { prototype, name, descriptor } of methods) Object.defineProperty(prototype, name, descriptor);
    return taken;
  };
}

function methodsOf(prototype: object) {
  return Reflect.ownKeys(prototype).flatMap((name) => {
    const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
    const method: unknown = descriptor?.value;
    const isMethod = typeof method === 'function' && name !== 'constructor';
    return isMethod && descriptor !== undefined ? [{ prototype, name, descriptor, method }] : [];
  });
}

type Measure = (subject: unknown, given: readonly unknown[], result: unknown) => number;

function measureOf(name: string | symbol): Measure {
  if (typeof name === 'symbol') return sizeOf;
  if (BY_RESULT.has(name)) return (_subject, _given, result) => sizeOf(result);
  if (BY_ARGUMENT.has(name)) return (_subject, given) => sizeOf(given[0]);
  if (name === 'indexOf') return distanceOf;
  return SINGLE.has(name) ? () => 0 : sizeOf;
}

/** From where it begins to where it finds something, or the end. */
function distanceOf(subject: unknown, [, start]: readonly unknown[], result: unknown): number {
  const end = typeof result === 'number' && result >= 0 ? result : sizeOf(subject);
  return Math.max(0, end - (typeof start === 'number' ? start : 0));
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string' || Array.isArray(value)) return value.length;
  return value instanceof Map || value instanceof Set ? value.size : 0;
}
