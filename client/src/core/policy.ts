import { isForbiddenMethod, isToken, normaliseMethod } from './http-token.js';
import { createKeptAnswers, type KeptAnswers } from './kept-answers.js';
import type { Enforcement, SnapshotPolicy } from './policy-settings.js';
import {
  ALLOW_CREDENTIALS,
  ALLOW_ORIGIN,
  CORS_RESPONSE_HEADERS,
  EXPOSE_HEADERS,
} from './response-headers.js';

/** Header values of an answer, made once per policy. `undefined` = the header is not sent. */
export interface AnswerValues {
  /** Whether `Access-Control-Allow-Credentials: true` goes with the origin. */
  readonly credentials: boolean;
  readonly exposedHeaders: string | undefined;
  /** The names that an answer to anything but a preflight does not set. */
  readonly removedHeaders: readonly string[];
  readonly allowMethods: string | undefined;
  readonly allowHeaders: string | undefined;
  /** Adds the requested method to `allowMethods`: with credentials a browser reads `*` as a name. */
  readonly echoMethod: boolean;
  /** Adds the requested header names to `allowHeaders`, for the same reason. */
  readonly echoHeaders: boolean;
}

/** A policy made ready to answer with. */
export interface CompiledPolicy {
  readonly name: string;
  readonly enforcement: Enforcement;
  readonly alwaysSend: boolean;
  readonly privateNetwork: boolean;
  readonly maxAge: string | undefined;
  /** Allowed methods; {@link anyMethod} beside it. */
  readonly methods: ReadonlySet<string>;
  readonly anyMethod: boolean;
  /** Allowed request header names in lower case; {@link anyHeader} beside it. */
  readonly headers: ReadonlySet<string>;
  readonly anyHeader: boolean;
  /** Answers that carry credentials; equal to {@link plain} when the policy has none. */
  readonly listed: AnswerValues;
  /** Answers that never do: to `*`, to `null`, and without an Origin header. */
  readonly plain: AnswerValues;
  /** Answers that hold until the list changes. */
  readonly kept: KeptAnswers;
}

/**
 * Compiles a policy. Settings that could never be sent safely (names that are no tokens, CONNECT, TRACE, TRACK) are left out,
 * whatever let them in.
 */
export function compilePolicy(policy: SnapshotPolicy): CompiledPolicy {
  const methods = unique(policy.methods.map(normaliseMethod)).filter(
    (method) => isToken(method) && !isForbiddenMethod(method),
  );
  const headers = unique(policy.allowedHeaders.map((name) => name.toLowerCase())).filter(isToken);
  const exposed = unique(policy.exposedHeaders).filter(isToken);
  const plain = plainValues(methods, headers, exposed);
  return {
    name: policy.name,
    enforcement: policy.enforcement,
    alwaysSend: policy.alwaysSend,
    privateNetwork: policy.privateNetwork,
    maxAge: policy.maxAgeSeconds === undefined ? undefined : String(policy.maxAgeSeconds),
    methods: new Set(methods),
    anyMethod: methods.includes('*'),
    headers: new Set(headers),
    anyHeader: headers.includes('*'),
    plain,
    listed: policy.credentials ? credentialedValues(methods, headers, exposed) : plain,
    kept: createKeptAnswers(),
  };
}

function plainValues(
  methods: readonly string[],
  headers: readonly string[],
  exposed: readonly string[],
): AnswerValues {
  return {
    credentials: false,
    exposedHeaders: joined(exposed),
    removedHeaders: removedBeside(false, exposed.length > 0),
    allowMethods: joined(methods),
    allowHeaders: joined(headers),
    echoMethod: false,
    echoHeaders: false,
  };
}

/** Fetch §3.3.5: in an answer with credentials `*` is a literal name, so it is left out and, where it can be, spelled out. */
function credentialedValues(
  methods: readonly string[],
  headers: readonly string[],
  exposed: readonly string[],
): AnswerValues {
  return {
    credentials: true,
    exposedHeaders: joined(withoutAny(exposed)),
    removedHeaders: removedBeside(true, withoutAny(exposed).length > 0),
    allowMethods: joined(withoutAny(methods)),
    allowHeaders: joined(withoutAny(headers)),
    echoMethod: methods.includes('*'),
    echoHeaders: headers.includes('*'),
  };
}

function removedBeside(credentials: boolean, exposes: boolean): readonly string[] {
  const set = new Set([ALLOW_ORIGIN]);
  if (credentials) set.add(ALLOW_CREDENTIALS);
  if (exposes) set.add(EXPOSE_HEADERS);
  return CORS_RESPONSE_HEADERS.filter((name) => !set.has(name));
}

function joined(names: readonly string[]): string | undefined {
  return names.length === 0 ? undefined : names.join(', ');
}

function withoutAny(names: readonly string[]): readonly string[] {
  return names.filter((name) => name !== '*');
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}
