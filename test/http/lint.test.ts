import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LintCase } from '../cases/lint-case.js';
import { openService, type TestService } from './service.js';

const CASES: readonly LintCase[] = JSON.parse(
  readFileSync(new URL('../cases/lint.json', import.meta.url), 'utf8'),
);

let service: TestService;
beforeAll(async () => {
  service = await openService();
});
afterAll(() => service.close());

const lint = (body: object, key?: string) =>
  service.call('POST', '/v1/lint', { body, ...(key !== undefined && { key }) });

interface Finding {
  readonly code: string;
  readonly class: string;
}

describe('given patterns without a tenant', () => {
  it.each(CASES)('$id: says what the contract says', async ({ pattern, context, verdict, code }) => {
    const { status, body } = await lint({ patterns: [pattern], ...context });
    expect(status).toBe(200);
    const [result] = body.results;
    expect(result).toMatchObject({ pattern, verdict });
    const codes = result.findings
      .filter((finding: Finding) => finding.class !== 'hint')
      .map((finding: Finding) => finding.code);
    expect(codes.length === 0 ? ['OK'] : codes).toContain(code);
  });

  it('says what a risk lets in, what to write instead and which suffix list it stands on', async () => {
    const { body } = await lint({
      patterns: ['https://*.vercel.app', 'https://app.example.com/'],
      credentials: true,
    });
    expect(body.publicSuffixListVersion).toMatch(/^tldts \d/);
    expect(body.results[0].findings[0]).toMatchObject({
      code: 'PUBLIC_SUFFIX_WITH_CREDENTIALS',
      severity: 'reject',
      text: '*.vercel.app',
      examples: [expect.stringMatching(/^https:\/\/[a-z0-9-]+\.vercel\.app$/)],
      publicSuffixListVersion: body.publicSuffixListVersion,
    });
    expect(body.results[1].findings[0]).toMatchObject({ code: 'HAS_PATH', fix: 'https://app.example.com' });
  });

  it('takes accepted risks into account, one pattern at a time', async () => {
    const acceptedRisks = [{ code: 'INSECURE_WITH_CREDENTIALS', note: 'until March' }];
    const { body } = await lint({
      patterns: [{ pattern: 'http://a.example.com', acceptedRisks }, 'http://b.example.com'],
      credentials: true,
    });
    expect(body.results.map(({ verdict }: { verdict: string }) => verdict)).toEqual(['warn', 'reject']);
    expect(body.results[0].findings).toMatchObject([{ code: 'INSECURE_WITH_CREDENTIALS', accepted: true }]);
  });

  it('takes as many policies for a pattern as an entry names, however many more are sent', async () => {
    const naming = (count: number) => ({ pattern: '*', policies: Array.from({ length: count }, () => 'a') });
    expect((await lint({ patterns: [naming(50)] })).status).toBe(200);
    for (const count of [51, 200_000]) {
      const { status, body } = await lint({ patterns: [naming(count)] });
      expect([status, body.errors[0].pointer]).toEqual([422, '/patterns/0']);
    }
  });

  it('answers 422 with every problem of the request at once', async () => {
    const { status, body } = await lint({ patterns: [], environment: 'live', credential: true });
    expect(status).toBe(422);
    expect((await lint({ patterns: [5] })).body.errors).toEqual([
      {
        pointer: '/patterns/0',
        code: 'invalid_union',
        detail: 'Must be a text, or an object with a `pattern`.',
      },
    ]);
    expect(body.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
      '/credential',
      '/environment',
      '/patterns',
    ]);
  });
});

describe('given a tenant', () => {
  async function tenant(): Promise<string> {
    const slug = await service.tenant();
    await service.call('PATCH', `/v1/tenants/${slug}`, { body: { environment: 'development' } });
    await service.call('PUT', `/v1/tenants/${slug}/policies/account`, {
      body: { paths: ['/account'], credentials: true },
    });
    await service.call('POST', `/v1/tenants/${slug}/origins`, {
      body: { pattern: 'https://*.example.com', policies: ['default'] },
    });
    return slug;
  }

  it('lints beside its list, by its policies and for its environment, and writes nothing', async () => {
    const slug = await tenant();
    const before = await service.revisionOf(slug);
    const { body } = await lint({
      tenant: slug,
      patterns: [
        { pattern: 'https://a.example.com', policies: ['default'] },
        { pattern: 'http://a.example.org', policies: ['default'] },
        'http://a.example.org',
        'http://localhost:3000',
        'https://*.example.com',
      ],
    });
    const codes = body.results.map(({ findings }: { findings: Finding[] }) =>
      findings.map(({ code }) => code),
    );
    expect(codes).toEqual([
      ['REDUNDANT'],
      ['INSECURE_SCHEME'],
      ['INSECURE_WITH_CREDENTIALS'],
      [],
      ['DUPLICATE', 'APEX_NOT_COVERED_HINT'],
    ]);
    expect(await service.revisionOf(slug)).toBe(before);
  });

  it('answers what would be if the request said otherwise', async () => {
    const slug = await tenant();
    const { body } = await lint({
      tenant: slug,
      patterns: ['http://localhost:3000', 'http://a.example.org'],
      environment: 'production',
      credentials: false,
      existing: ['http://a.example.org'],
    });
    const codes = body.results.map(({ findings }: { findings: Finding[] }) =>
      findings.map(({ code }) => code),
    );
    expect(codes).toEqual([['LOOPBACK_IN_PRODUCTION'], ['INSECURE_SCHEME', 'DUPLICATE']]);
  });

  it('answers 422 for policies it does not have, as a write would', async () => {
    const slug = await tenant();
    const patterns = ['*', { pattern: '*', policies: ['default', 'typo'] }];
    const { status, body } = await lint({ tenant: slug, patterns });
    expect([status, body.code]).toEqual([422, 'policy_unknown']);
    expect(body.errors).toMatchObject([{ pointer: '/patterns/1/policies/1', code: 'policy_unknown' }]);
  });

  it('answers 404 for a tenant that does not exist, and for one the key may not see', async () => {
    const slug = await tenant();
    const key = await service.key({ scopes: ['origins:read'], tenants: [await service.tenant()] });
    const patterns = ['https://a.example.com'];
    const [none, foreign] = [
      await lint({ tenant: 'nobody', patterns }),
      await lint({ tenant: slug, patterns }, key),
    ];
    expect([none.status, none.body.code]).toEqual([404, 'tenant_not_found']);
    expect([foreign.status, foreign.body.code]).toEqual([404, 'tenant_not_found']);
  });

  it('answers 403 without the scope', async () => {
    const key = await service.key({ scopes: ['evaluate'] });
    expect((await lint({ patterns: ['*'] }, key)).status).toBe(403);
  });
});
