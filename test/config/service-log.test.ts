import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKeyText } from '../../src/http/key-text.js';
import { openServiceLog } from '../../src/service-log.js';

const ADMIN_KEY = 'an-admin-key+of/at-least_32~characters==';

/** What `write` leaves in the log, as written and as read back. */
function logged(
  write: (log: ReturnType<typeof openServiceLog>['log']) => void,
  secrets: readonly string[] = [],
) {
  const lines: string[] = [];
  const { log } = openServiceLog({
    level: 'trace',
    secrets,
    destination: { write: (line) => lines.push(line) },
  });
  write(log);
  const text = lines.join('');
  return {
    text,
    read: text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line)),
  };
}

describe('given a secret in what is logged', () => {
  it.each([
    ['a field', (key: string) => ({ deep: { key } })],
    ['a name of a field', (key: string) => ({ [key]: 1 })],
    ['an error and its cause', (key: string) => ({ err: new Error(`no ${key}`, { cause: new Error(key) }) })],
    ['a header', (key: string) => ({ authorization: `Bearer ${key}` })],
    ['a URL', (key: string) => ({ url: `/v1/tenants?key=${key}&x=1` })],
    ['JSON within JSON', (key: string) => ({ body: JSON.stringify({ key }) })],
    ['a URL, encoded', (key: string) => ({ url: `/x?${encodeURIComponent(key)}` })],
  ])('leaves it out of %s', (_where, fields) => {
    const key = createKeyText();
    expect(logged((log) => log.info(fields(key), `also ${key}`)).text).not.toContain(key.slice(0, 20));
    expect(logged((log) => log.info(fields(ADMIN_KEY), ADMIN_KEY), [ADMIN_KEY]).text).not.toMatch(
      /admin-key/,
    );
  });

  it('leaves no half of it where a long text is cut', () => {
    for (const length of [980, 1_980]) {
      const cut = `${'x'.repeat(length)}${ADMIN_KEY}`;
      const req = { method: 'GET', url: cut, ip: '192.0.2.1' };
      expect(logged((log) => log.info({ req, err: new Error(cut) }), [ADMIN_KEY]).text).not.toMatch(
        /an-admin/,
      );
    }
  });

  it('leaves the passwords of databases out, wherever a driver quotes them', () => {
    const url = 'postgres://user:hunter2hunter@db.internal/allowlist';
    const { text } = logged(
      (log) => log.error({ err: new Error(`cannot reach ${url}`) }, 'hunter2hunter'),
      ['hunter2hunter'],
    );
    expect(text).not.toContain('hunter2');
    expect(text).toContain('db.internal/allowlist');
    expect(logged((log) => log.info({ url })).text).not.toContain('hunter2');
  });

  it('keeps the part of a key that tells it from others', () => {
    expect(logged((log) => log.info({ prefix: 'oak_12345678' })).read[0].prefix).toBe('oak_12345678');
  });

  it('takes a secret that is told later', () => {
    const lines: string[] = [];
    const { log, conceal } = openServiceLog({
      level: 'info',
      secrets: [],
      destination: { write: (line) => lines.push(line) },
    });
    conceal(ADMIN_KEY);
    log.child({ reqId: 1 }).info({ key: ADMIN_KEY }, 'late');
    expect(lines.join('')).not.toContain('admin-key');
  });
});

describe('given what a stranger sent', () => {
  const HOSTILE =
    'https://a.example\u001b[2J\u001b]0;title\u0007\r\n{"level":30,"msg":"forged"}\u202e\u2028\u009b31m\u200b\ufeff\u{e0041}\ufe0f\u0430é';

  it('writes one line of printable characters, from which the text can be read back', () => {
    const { text, read } = logged((log) => log.warn({ origin: HOSTILE }, HOSTILE));
    expect(read).toHaveLength(1);
    expect(read[0]).toMatchObject({ origin: HOSTILE, msg: HOSTILE, level: 40 });
    expect(text.slice(0, -1)).toMatch(/^[\x20-\x7e]+$/);
  });

  it('cuts a URL and an error that are very long', () => {
    const long = 'x'.repeat(100_000);
    const req = { method: 'GET', url: `/${long}`, ip: '192.0.2.1' };
    expect(logged((log) => log.info({ req, err: new Error(long) }, 'failed')).text.length).toBeLessThan(
      15_000,
    );
  });

  it('forges no line whatever the text (law)', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom(...HOSTILE) }));
    fc.assert(
      fc.property(text, text, (origin, message) => {
        const written = logged((log) => log.info({ origin }, message));
        expect(written.read).toHaveLength(1);
        expect(written.text.slice(0, -1)).toMatch(/^[\x20-\x7e]+$/);
      }),
    );
  });
});
