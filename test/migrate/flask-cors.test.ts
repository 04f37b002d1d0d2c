import { describe, expect, it } from 'vitest';
import { recorded } from './flask-answers.js';
import { converted } from './ours.js';

const ORIGIN = 'https://app.example.com';
const NOBODY = { theirs: [false, false], ours: [false, false] };
const WITHOUT_COOKIES = { theirs: [true, false], ours: [true, false] };
/** A page could, by their answer, and cannot by ours. */
const NO_LONGER = { theirs: [true, false], ours: [false, false] };
/** Flask answers preflights 200. */
const STATUS = { status: ['200', '204'] };

describe('given a configuration of flask-cors', () => {
  it('flask-cors on the app without options lets every page read, by * and not by sending each origin back', () => {
    const { conversion, compare, verdicts } = recorded('app without options');
    expect(conversion).toMatchObject({
      policies: [
        {
          name: 'default',
          paths: ['/'],
          credentials: false,
          methods: ['GET', 'HEAD', 'POST', 'OPTIONS', 'PUT', 'PATCH', 'DELETE'],
          allowedHeaders: ['*', 'authorization'],
          alwaysSend: false,
        },
      ],
      entries: [{ pattern: '*' }],
      codes: expect.arrayContaining(['ECHO_TO_ANY', 'ANY_ORIGIN']),
      refused: [],
    });
    expect(compare('get')).toEqual({
      'access-control-allow-origin': ['https://evil.example', '*'],
      vary: ['Origin', '-'],
    });
    expect(compare('alone')).toEqual({});
    expect(verdicts('get')).toEqual(WITHOUT_COOKIES);
    expect(verdicts('preflight')).toEqual(WITHOUT_COOKIES);
  });

  it('flask-cors resources as a dict are policies; an expression covered more, a plain path less', () => {
    const { conversion, compare, verdicts } = recorded('resources as a dict');
    expect(conversion).toMatchObject({
      policies: [
        { name: 'api', paths: ['/api'], allowedHeaders: ['X-A'] },
        { name: 'public', paths: ['/public'], allowedHeaders: ['X-A'] },
      ],
      entries: [
        { pattern: ORIGIN, policies: ['api'] },
        { pattern: '*', policies: ['public'] },
      ],
      codes: expect.arrayContaining(['PATH_NARROWER', 'PATH_WIDER']),
      refused: [],
    });
    expect(compare('api')).toEqual({});
    expect(verdicts('beside')).toEqual(NO_LONGER);
    expect(verdicts('outside')).toEqual(NOBODY);
    expect(verdicts('public')).toEqual(WITHOUT_COOKIES);
    expect(verdicts('below')).toEqual({ theirs: [false, false], ours: [true, false] });
  });

  it('flask-cors resources as a list or one text share the options', () => {
    const { conversion, verdicts } = recorded('resources as a list');
    expect(conversion).toMatchObject({
      policies: [
        { name: 'api', paths: ['/api'] },
        { name: 'v1', paths: ['/v1'] },
      ],
      entries: [{ pattern: ORIGIN, policies: ['api', 'v1'] }],
      codes: expect.arrayContaining(['PATH_WIDER']),
    });
    expect(verdicts('api')).toEqual(WITHOUT_COOKIES);
    expect(verdicts('v1')).toEqual(WITHOUT_COOKIES);
    expect(verdicts('itself')).toEqual({ theirs: [false, false], ours: [true, false] });
    expect(verdicts('outside')).toEqual(NOBODY);
    expect(converted("CORS(app, resources='*', origins='https://app.example.com')")).toMatchObject({
      policies: [{ name: 'default', paths: ['/'] }],
      entries: [{ pattern: ORIGIN }],
    });
  });

  it('flask-cors resources with an expression in the middle are refused, with the prefix before it', () => {
    expect(converted("CORS(app, resources={r'/users/[0-9]+/photos': {'origins': '*'}})")).toMatchObject({
      policies: [],
      entries: [],
      refused: [
        {
          text: "r'/users/[0-9]+/photos'",
          resists: '[0-9]+/photos',
          instead: 'A resource for each path that is meant, or the prefix /users for all of them.',
        },
      ],
    });
  });

  it('flask-cors on a blueprint is a policy for its url_prefix', () => {
    const { conversion, compare } = recorded('blueprint');
    expect(conversion).toMatchObject({
      policies: [{ name: 'api', paths: ['/api'] }],
      entries: [{ pattern: ORIGIN, policies: ['api'] }],
      refused: [],
    });
    expect(compare('inside')).toEqual({});
    expect(compare('outside')).toEqual({});
  });

  it('flask-cors as a decorator is a policy for the path of its route', () => {
    const { conversion, compare, verdicts } = recorded('cross_origin');
    expect(conversion).toMatchObject({
      policies: [{ name: 'predict', paths: ['/predict'], allowedHeaders: ['X-A'] }],
      entries: [{ pattern: ORIGIN, policies: ['predict'] }],
      codes: expect.arrayContaining(['PATH_WIDER']),
    });
    expect(verdicts('inside')).toEqual(WITHOUT_COOKIES);
    expect(compare('preflight')).toEqual({ ...STATUS });
  });

  it('flask-cors takes what a call does not say from app.config', () => {
    const { conversion, compare } = recorded('config');
    expect(conversion).toMatchObject({
      policies: [{ name: 'default', credentials: true, exposedHeaders: ['X-B'] }],
      entries: [{ pattern: ORIGIN }],
    });
    expect(compare('get')).toEqual({});
    expect(compare('evil')).toEqual({});
    expect(converted('{"CORS_ORIGINS": "https://app.example.com", "CORS_MAX_AGE": 600}')).toMatchObject({
      policies: [{ maxAgeSeconds: 600 }],
      entries: [{ pattern: ORIGIN }],
    });
  });

  it('flask-cors upper-cases methods, as a policy has them', () => {
    const { conversion, compare, verdicts } = recorded('methods');
    expect(conversion).toMatchObject({ policies: [{ methods: ['GET', 'POST', 'HEAD', 'PUT'] }], codes: [] });
    expect(compare('put')).toEqual(STATUS);
    expect(verdicts('delete')).toEqual(NOBODY);
  });

  it('flask-cors without GET, HEAD or POST among its methods stops some of their preflights, and that is told', () => {
    const { conversion, verdicts } = recorded('methods without POST');
    expect(conversion).toMatchObject({ policies: [{ methods: ['PUT'] }], codes: ['SAFELISTED_METHOD'] });
    expect(verdicts('post')).toEqual({ theirs: [false, false], ours: [true, false] });
    expect(verdicts('plain')).toEqual(WITHOUT_COOKIES);
  });

  it('flask-cors takes * among methods for a name, so it allowed nothing', () => {
    const { conversion, verdicts } = recorded('any method');
    expect(conversion).toMatchObject({
      policies: [{ methods: [] }],
      codes: expect.arrayContaining(['NEVER_WORKED']),
    });
    expect(verdicts('put')).toEqual(NOBODY);
  });

  it('flask-cors answers with the headers that are asked for and allowed, we with all that are allowed', () => {
    const { conversion, compare, verdicts } = recorded('allow_headers');
    expect(conversion.policies).toMatchObject([{ allowedHeaders: ['X-A', 'X-B'] }]);
    expect(compare('a')).toEqual({ ...STATUS, 'access-control-allow-headers': ['x-a', 'x-a, x-b'] });
    expect(verdicts('c')).toEqual(NOBODY);
  });

  it('flask-cors takes allow_headers in one text with commas for one name, so it allowed none', () => {
    const { conversion, verdicts } = recorded('allow_headers with commas');
    expect(conversion).toMatchObject({
      policies: [{ allowedHeaders: [] }],
      codes: expect.arrayContaining(['NEVER_WORKED']),
    });
    expect(verdicts('a')).toEqual(NOBODY);
  });

  it('flask-cors matches allow_headers by expressions, which are refused', () => {
    expect(
      converted("CORS(app, origins='https://app.example.com', allow_headers=['X-A', r'X-.*'])"),
    ).toMatchObject({
      policies: [{ allowedHeaders: ['X-A'] }],
      refused: [{ text: "r'X-.*'", instead: 'Write the names; or * for any.' }],
    });
  });

  it('flask-cors exposes headers as a policy does', () => {
    const { conversion, compare } = recorded('expose_headers');
    expect(conversion.policies).toMatchObject([{ exposedHeaders: ['X-B', 'X-C'] }]);
    expect(compare('get')).toEqual({});
  });

  it('flask-cors takes credentials for on by their truth in Python', () => {
    const text = recorded('supports_credentials as a text');
    expect(text.conversion.policies).toMatchObject([{ credentials: true }]);
    expect(text.compare('get')).toEqual({});
    const empty = recorded('supports_credentials as an empty list');
    expect(empty.conversion).toMatchObject({ policies: [{ credentials: false }], refused: [] });
    expect(empty.compare('get')).toEqual({});
    expect(converted("CORS(app, origins='https://app.example.com', automatic_options=None)").codes).toEqual([
      'NOT_CARRIED',
    ]);
  });

  it('flask-cors takes a setting that is None for its default, and fails for an origin that is None', () => {
    const setting = recorded('a setting that is None');
    expect(setting.conversion).toMatchObject({ entries: [{ pattern: '*' }], refused: [] });
    expect(setting.verdicts('get')).toEqual({ theirs: [true, false], ours: [true, false] });
    for (const source of ['CORS(app, origins=None)', 'CORS(app, origins=[None])']) {
      expect(converted(source)).toMatchObject({
        entries: [],
        refused: [{ code: 'SAYS_NOTHING', text: 'None' }],
      });
    }
  });

  it('flask-cors supports_credentials is credentials of the policy', () => {
    const { conversion, compare, verdicts } = recorded('credentials');
    expect(conversion).toMatchObject({ policies: [{ credentials: true }], entries: [{ pattern: ORIGIN }] });
    expect(compare('get')).toEqual({});
    expect(verdicts('preflight')).toEqual({ theirs: [true, true], ours: [true, true] });
  });

  it('flask-cors max_age may be a duration, and is not sent for 0', () => {
    const { conversion, compare } = recorded('max_age');
    expect(conversion.policies).toMatchObject([{ maxAgeSeconds: 600 }]);
    expect(compare('preflight')).toEqual(STATUS);
    const zero = recorded('max_age 0');
    expect(zero.conversion.policies[0]).not.toHaveProperty('maxAgeSeconds');
    expect(zero.compare('preflight')).toEqual(STATUS);
  });

  it('flask-cors send_wildcard sends *, as we always do where everybody is let in', () => {
    const { conversion, compare } = recorded('send_wildcard');
    expect(conversion).toMatchObject({ entries: [{ pattern: '*' }], refused: [] });
    expect(conversion.codes).not.toContain('ECHO_TO_ANY');
    expect(compare('get')).toEqual({});
  });

  it('flask-cors vary_header=False is not carried over: Vary is always sent', () => {
    const { conversion, answers } = recorded('vary_header');
    expect(conversion.codes).toEqual(expect.arrayContaining(['NOT_CARRIED']));
    expect(answers('get').theirs.headers).toEqual({ 'access-control-allow-origin': ORIGIN });
    expect(answers('get').ours.headers).toMatchObject({
      'access-control-allow-origin': ORIGIN,
      vary: 'Origin',
    });
  });

  it('flask-cors always_send sends the first of its origins to a request without one, we that of the request’s host', () => {
    const { conversion, compare } = recorded('always_send');
    expect(conversion.policies).toMatchObject([{ alwaysSend: true }]);
    expect(compare('alone')).toEqual({});
    expect(recorded('list of origins').compare('alone')).toEqual({
      'access-control-allow-origin': ['HTTPS://B.example.com', '-'],
    });
    const off = recorded('always_send off');
    expect(off.conversion.policies).toMatchObject([{ alwaysSend: false }]);
    expect(off.compare('alone')).toEqual({});
  });

  it('flask-cors automatic_options=False is not carried over: preflights are always answered', () => {
    const { conversion, compare } = recorded('automatic_options');
    expect(conversion.codes).toEqual(expect.arrayContaining(['NOT_CARRIED']));
    expect(compare('preflight')).toEqual(STATUS);
  });

  it('flask-cors intercept_exceptions=False is not carried over: headers survive errors', () => {
    expect(
      converted("CORS(app, origins='https://app.example.com', intercept_exceptions=False)"),
    ).toMatchObject({
      codes: ['NOT_CARRIED'],
      refused: [],
    });
  });

  it('flask-cors allow_private_network answers true, and false where it is off; we answer true or nothing', () => {
    const on = recorded('private network');
    expect(on.conversion.policies).toMatchObject([{ privateNetwork: true }]);
    expect(on.compare('asked')).toEqual(STATUS);
    const off = recorded('private network off');
    expect(off.conversion.policies).toMatchObject([{ privateNetwork: false }]);
    expect(off.compare('asked')).toEqual({
      ...STATUS,
      'access-control-allow-private-network': ['false', '-'],
    });
  });
});
