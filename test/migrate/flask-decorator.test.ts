import { describe, expect, it } from 'vitest';
import { recorded } from './flask-answers.js';
import { converted } from './ours.js';

const ORIGIN = 'https://app.example.com';
const WITHOUT_COOKIES = { theirs: [true, false], ours: [true, false] };

describe('given a use of the hand-written decorator', () => {
  it('the decorator sends its one origin to everybody, we to that origin alone', () => {
    const { conversion, verdicts } = recorded('decorator');
    expect(conversion).toMatchObject({
      policies: [
        {
          name: 'predict',
          paths: ['/predict'],
          credentials: false,
          methods: ['PUT'],
          allowedHeaders: ['X-A'],
        },
      ],
      entries: [{ pattern: ORIGIN, policies: ['predict'] }],
      refused: [],
    });
    expect(verdicts('get')).toEqual(WITHOUT_COOKIES);
    expect(verdicts('evil')).toEqual({ theirs: [false, false], ours: [false, false] });
    expect(recorded('decorator any').conversion.entries).toEqual([{ pattern: '*', policies: ['predict'] }]);
    expect(recorded('decorator any').verdicts('get')).toEqual(WITHOUT_COOKIES);
  });

  it('the decorator joins a list of origins into one header, which no browser takes; each is let in now, and that is told', () => {
    const { conversion, verdicts } = recorded('decorator list');
    expect(conversion).toMatchObject({
      entries: [{ pattern: ORIGIN }, { pattern: 'https://b.example.com' }],
      codes: expect.arrayContaining(['WIDER']),
    });
    expect(verdicts('get')).toEqual({ theirs: [false, false], ours: [true, false] });
  });

  it('the decorator upper-cases methods and sends them with every answer, we with preflights', () => {
    const { conversion, compare, verdicts } = recorded('decorator');
    expect(conversion.policies).toMatchObject([{ methods: ['PUT'] }]);
    expect(compare('get')).toEqual({
      'access-control-allow-headers': ['X-A', '-'],
      'access-control-allow-methods': ['PUT', '-'],
      'access-control-max-age': ['21600', '-'],
    });
    expect(verdicts('preflight')).toEqual(WITHOUT_COOKIES);
    expect(verdicts('delete')).toEqual({ theirs: [false, false], ours: [false, false] });
  });

  it('the decorator without methods takes those of the route, which it does not name: that is told', () => {
    const { conversion, verdicts } = recorded('decorator without methods');
    expect(conversion).toMatchObject({
      policies: [{ methods: [] }],
      codes: expect.arrayContaining(['METHODS_UNKNOWN']),
    });
    expect(verdicts('put')).toEqual({ theirs: [true, false], ours: [false, false] });
  });

  it('the decorator without headers allows none beyond the simplest, as a policy without them', () => {
    const { conversion, verdicts } = recorded('decorator without headers');
    expect(conversion.policies).toMatchObject([{ allowedHeaders: [] }]);
    expect(verdicts('preflight')).toEqual({ theirs: [false, false], ours: [false, false] });
    expect(recorded('decorator').verdicts('preflight')).toEqual(WITHOUT_COOKIES);
  });

  it('the decorator exposes headers as a policy does', () => {
    const { conversion, compare } = recorded('decorator expose');
    expect(conversion.policies).toMatchObject([{ exposedHeaders: ['X-B'] }]);
    expect(compare('get')).not.toHaveProperty('access-control-expose-headers');
  });

  it('the decorator keeps preflights six hours unless told otherwise; a duration was sent with a point and not read', () => {
    expect(recorded('decorator').conversion.policies).toMatchObject([{ maxAgeSeconds: 21_600 }]);
    const seconds = recorded('decorator max_age');
    expect(seconds.conversion.policies).toMatchObject([{ maxAgeSeconds: 600 }]);
    expect(seconds.compare('preflight')).toEqual({ status: ['200', '204'] });
    const duration = recorded('decorator max_age duration');
    expect(duration.conversion).toMatchObject({
      policies: [{ maxAgeSeconds: 600 }],
      codes: expect.arrayContaining(['WIDER']),
    });
    expect(duration.compare('preflight')).toEqual({
      status: ['200', '204'],
      'access-control-max-age': ['600.0', '600'],
    });
  });

  it('the decorator attached to all answers is what a policy is', () => {
    expect(
      converted("crossdomain(origin='https://app.example.com', methods=['PUT'], attach_to_all=True)"),
    ).toMatchObject({ entries: [{ pattern: ORIGIN }], refused: [] });
  });

  it('the decorator attached only to preflights lets pages send and not read, which is refused', () => {
    const { conversion, verdicts } = recorded('decorator only preflights');
    expect(conversion.refused).toMatchObject([{ text: 'attach_to_all=False' }]);
    expect(verdicts('preflight')).toEqual(WITHOUT_COOKIES);
    expect(verdicts('get')).toEqual({ theirs: [false, false], ours: [true, false] });
  });

  it('the decorator with automatic_options=False leaves OPTIONS to the view; we answer preflights before it', () => {
    const { conversion, compare } = recorded('decorator manual options');
    expect(conversion).toMatchObject({ codes: expect.arrayContaining(['NOT_CARRIED']), refused: [] });
    expect(compare('preflight')).toEqual({ status: ['200', '204'] });
  });

  it('the decorator with credentials is a policy with credentials; beside * they never worked', () => {
    const { conversion, verdicts } = recorded('decorator credentials');
    expect(conversion.policies).toMatchObject([{ credentials: true }]);
    expect(verdicts('get')).toEqual({ theirs: [true, true], ours: [true, true] });
    const any = recorded('decorator any with credentials');
    expect(any.conversion).toMatchObject({
      policies: [{ credentials: false }],
      entries: [{ pattern: '*' }],
      codes: expect.arrayContaining(['CREDENTIALS_OFF']),
    });
    expect(any.verdicts('get')).toEqual(WITHOUT_COOKIES);
  });
});
