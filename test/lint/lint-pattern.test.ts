import { describe, expect, it } from 'vitest';
import { existingOf } from '../../src/lint/existing-patterns.js';
import { blocks } from '../../src/lint/finding.js';
import type { LintContext } from '../../src/lint/lint-context.js';
import { lintPattern } from '../../src/lint/lint-pattern.js';
import { CREDENTIALS, PLAIN } from './lint-contexts.js';

/** Each finding as `severity CODE`. */
const said = (pattern: string, context: LintContext) =>
  lintPattern(pattern, context).map(({ severity, code }) => `${severity} ${code}`);

describe('given a text that is no pattern', () => {
  it.each([
    ['', 'EMPTY'],
    ['https://a.example ', 'WHITESPACE'],
    ['https://a\u0000.example', 'CONTROL_CHAR'],
    ["'https://a.example'", 'QUOTED'],
    ['https://a.example,https://b.example', 'MULTIPLE'],
    ['https://b\u00fccher.example', 'NON_ASCII'],
    ['https://A.example', 'UPPERCASE'],
    ['a.example', 'NO_SCHEME'],
    ['1a://a.example', 'BAD_SCHEME'],
    [`${'a'.repeat(65)}://a.example`, 'SCHEME_TOO_LONG'],
    ['https:a.example', 'BAD_SCHEME_SEPARATOR'],
    ['*://a.example', 'WILDCARD_SCHEME'],
    ['file:///etc/passwd', 'FILE_SCHEME'],
    ['data:text/html,x', 'OPAQUE_SCHEME'],
    ['ws://a.example', 'WEBSOCKET_SCHEME'],
    ['https://me@a.example', 'HAS_USERINFO'],
    ['https://a.example/', 'HAS_PATH'],
    ['https://a.example?b', 'HAS_QUERY'],
    ['https://a.example#b', 'HAS_FRAGMENT'],
    ['https://', 'EMPTY_HOST'],
    ['chrome-extension://a.example', 'BAD_HOST'],
    ['https://a!b.example', 'BAD_HOST_CHAR'],
    ['https://a..example', 'EMPTY_LABEL'],
    [`https://${'a'.repeat(64)}.example`, 'LABEL_TOO_LONG'],
    [`https://${'a.'.repeat(130)}example`, 'HOST_TOO_LONG'],
    ['https://xn--a.example', 'BAD_PUNYCODE'],
    ['https://a.1', 'NUMERIC_LAST_LABEL'],
    ['https://[::g]', 'IP_INVALID'],
    ['https://[::0]', 'IP_NOT_CANONICAL'],
    ['https://[::ffff:1.2.3.4]', 'IP_MAPPED'],
    ['https://[fe80::1%25eth0]', 'IP_ZONE'],
    ['https://a.example:', 'PORT_EMPTY'],
    ['https://a.example:b', 'PORT_INVALID'],
    ['https://a.example:08443', 'PORT_LEADING_ZERO'],
    ['https://a.example:65536', 'PORT_RANGE'],
    ['https://a.example:443', 'DEFAULT_PORT'],
    ['https://a*.example', 'BAD_WILDCARD'],
    ['https://*', 'WILDCARD_HOST'],
    ['https://*.10.0.0.1', 'WILDCARD_IP'],
    ['^https://a$', 'REGEX_LIKE'],
  ])('refuses %j with %s', (text, code) => {
    const finding = lintPattern(text, PLAIN).find((each) => each.code === code);
    expect(finding).toMatchObject({ class: 'syntax', severity: 'reject' });
  });

  it('tells at once what there is to say of the pattern that was meant', () => {
    expect(said('http://*.github.io/', PLAIN)).toEqual([
      'reject HAS_PATH',
      'warn INSECURE_SCHEME',
      'warn PUBLIC_SUFFIX',
    ]);
  });

  it('offers the pattern that was meant', () => {
    expect(lintPattern('https://a.example/', CREDENTIALS)).toMatchObject([{ fix: 'https://a.example' }]);
  });

  it('offers no fix that would be refused in its turn', () => {
    const [syntax, risk] = lintPattern('https://*.github.io/', CREDENTIALS);
    expect(syntax).toMatchObject({ code: 'HAS_PATH' });
    expect(syntax).not.toHaveProperty('fix');
    expect(risk).toMatchObject({ code: 'PUBLIC_SUFFIX_WITH_CREDENTIALS' });
  });

  it('cannot be accepted', () => {
    const acceptedRisks = [{ code: 'HAS_PATH', note: 'we need it' }];
    const findings = lintPattern('https://a.example/', { ...PLAIN, acceptedRisks });
    expect(findings).toMatchObject([{ code: 'HAS_PATH', severity: 'reject' }]);
    expect(blocks(findings)).toBe(true);
  });
});

describe('given fixes', () => {
  it.each([
    ['http://a.example', 'https://a.example'],
    ['http://*.a.example', 'https://*.a.example'],
    ['https://*.a.example:*', 'https://*.a.example'],
    ['https://a.example.:8443', 'https://a.example:8443'],
  ])('writes for %s the pattern %s', (pattern, fix) => {
    expect(lintPattern(pattern, CREDENTIALS)).toMatchObject([{ fix }]);
  });

  it.each([
    'http://a.example:8080',
    'http://intranet',
    'http://192.168.0.1',
    'http://*.co.uk',
    'http://printer.local',
    'http://*.a.internal',
    'http://lvh.me',
  ])('does not guess that %s is there by https too', (pattern) => {
    for (const finding of lintPattern(pattern, CREDENTIALS)) expect(finding).not.toHaveProperty('fix');
  });
});

describe('given accepted risks', () => {
  const note = 'the partner has no certificate, TICKET-1';

  it('lets through what is named, and still shows it', () => {
    const acceptedRisks = [{ code: 'INSECURE_WITH_CREDENTIALS', note }];
    const findings = lintPattern('http://a.example', { ...CREDENTIALS, acceptedRisks });
    expect(findings).toMatchObject([{ code: 'INSECURE_WITH_CREDENTIALS', severity: 'warn', accepted: true }]);
    expect(blocks(findings)).toBe(false);
  });

  it('still refuses what is not named', () => {
    const acceptedRisks = [{ code: 'INSECURE_WITH_CREDENTIALS', note }];
    const findings = lintPattern('http://*.co.uk', { ...CREDENTIALS, acceptedRisks });
    expect(findings.map(({ code, severity }) => [code, severity])).toEqual([
      ['PUBLIC_SUFFIX_WITH_CREDENTIALS', 'reject'],
      ['INSECURE_WITH_CREDENTIALS', 'warn'],
    ]);
    expect(blocks(findings)).toBe(true);
  });

  it('does not take the code without credentials for the one with', () => {
    const acceptedRisks = [{ code: 'INSECURE_SCHEME', note }];
    expect(blocks(lintPattern('http://a.example', { ...CREDENTIALS, acceptedRisks }))).toBe(true);
  });

  it.each([
    ['*', 'ANY_ORIGIN_WITH_CREDENTIALS'],
    ['null', 'NULL_ORIGIN_WITH_CREDENTIALS'],
  ])('never accepts %s with credentials', (pattern, code) => {
    const findings = lintPattern(pattern, { ...CREDENTIALS, acceptedRisks: [{ code, note }] });
    expect(findings).toMatchObject([{ code, severity: 'reject' }]);
    expect(findings[0]).not.toHaveProperty('accepted');
    expect(blocks(findings)).toBe(true);
  });

  it('offers a fix that the same acceptance lets through', () => {
    const acceptedRisks = [{ code: 'PUBLIC_SUFFIX_WITH_CREDENTIALS', note }];
    const findings = lintPattern('https://*.github.io/', { ...CREDENTIALS, acceptedRisks });
    expect(findings[0]).toMatchObject({ code: 'HAS_PATH', fix: 'https://*.github.io' });
  });
});

describe('given several findings', () => {
  it('puts the strongest first and hints last', () => {
    const existing = existingOf([{ pattern: 'http://*.example' }], 0);
    expect(said('http://*.a.example:*', { ...CREDENTIALS, existing })).toEqual([
      'reject INSECURE_WITH_CREDENTIALS',
      'warn WILDCARD_PORT_PUBLIC_HOST',
      'ok APEX_NOT_COVERED_HINT',
    ]);
  });
});
