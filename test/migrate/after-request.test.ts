import { describe, expect, it } from 'vitest';
import { recorded } from './flask-answers.js';
import { converted } from './ours.js';

describe('given an after-request hook over a list', () => {
  it('the hook sends back the one of its origins that came, as a list does', () => {
    const { conversion, compare } = recorded('hook');
    expect(conversion).toMatchObject({
      policies: [{ name: 'default', paths: ['/'] }],
      entries: [
        { pattern: 'https://app.example.com' },
        { pattern: 'https://api.example.com' },
        { pattern: 'http://localhost:3000' },
      ],
      refused: [],
    });
    expect(compare('a')).toEqual({});
    expect(compare('b')).toEqual({});
    expect(compare('evil')).toEqual({});
  });

  it('the hook answers a request without Origin with the app’s own origin when that is listed: alwaysSend', () => {
    const { conversion, compare } = recorded('hook');
    expect(conversion.policies).toMatchObject([{ alwaysSend: true }]);
    expect(compare('alone')).toEqual({});
  });

  it('the hook’s other headers, by their names, are the policy’s', () => {
    const { conversion, verdicts, compare } = recorded('hook with headers');
    expect(conversion).toMatchObject({
      policies: [
        {
          credentials: true,
          methods: ['PUT', 'DELETE'],
          allowedHeaders: ['Content-Type', 'Authorization'],
          exposedHeaders: ['X-B'],
          maxAgeSeconds: 600,
        },
      ],
      codes: ['ALWAYS_SEND_WITHOUT_CREDENTIALS_HINT'],
      refused: [],
    });
    expect(verdicts('get')).toEqual({ theirs: [true, true], ours: [true, true] });
    expect(verdicts('preflight')).toEqual({ theirs: [true, true], ours: [true, true] });
    expect(verdicts('patch')).toEqual({ theirs: [false, false], ours: [false, false] });
    expect(compare('preflight')).toEqual({ status: ['200', '204'] });
  });

  it('the hook’s list may change while the app runs; a list that is computed is refused, since the entries are the list', () => {
    expect(converted("{'allowed_origins': load_origins()}")).toMatchObject({
      entries: [],
      refused: [{ text: 'load_origins()' }],
    });
    expect(converted("ALLOWED_ORIGINS = ['https://app.example.com']")).toMatchObject({
      entries: [{ pattern: 'https://app.example.com' }],
    });
  });

  it('the hook sends credentials by the text true alone', () => {
    for (const name of ['hook with credentials false', 'hook with credentials True']) {
      const { conversion, verdicts } = recorded(name);
      expect(conversion.policies).toMatchObject([{ credentials: false }]);
      expect(verdicts('get')).toEqual({ theirs: [true, false], ours: [true, false] });
    }
    expect(recorded('hook with credentials false').conversion.codes).toEqual([]);
    expect(recorded('hook with credentials True').conversion.codes).toEqual(['NEVER_WORKED']);
    const json = '{"allowed_origins": ["https://app.example.com"], "Access-Control-Allow-Credentials": true}';
    expect(converted(json)).toMatchObject({ policies: [{ credentials: true }], refused: [] });
  });

  it('the hook’s list may hold null, which says nothing and is refused', () => {
    expect(converted('["https://a.example.com", null, 5]')).toMatchObject({
      entries: [{ pattern: 'https://a.example.com' }],
      refused: [
        { code: 'SAYS_NOTHING', text: 'null' },
        { code: 'WRONG_KIND', text: '5' },
      ],
    });
    expect(converted("{'allowed_origins': None}")).toMatchObject({
      entries: [],
      refused: [{ code: 'SAYS_NOTHING', text: 'None' }],
    });
  });

  it('the hook that sends back every origin with credentials is refused', () => {
    const source = "{'allowed_origins': ['*'], 'Access-Control-Allow-Credentials': 'true'}";
    expect(converted(source)).toMatchObject({ entries: [], refused: [{ text: "['*']" }] });
  });
});
