/**
 * Checks the trail of every tenant, deleted ones too, against itself, the rows in use and those that history keeps:
 * `npm run --silent verify-trail -- [--tenant SLUG]… [--expect SLUG=HASH[@REVISION]]… [--json]`, with `DATABASE_URL`.
 * One line a tenant. Exit code 0: all hold; 1: one does not, its first broken link is named; 2: it could not be checked.
 */
import { parseArgs } from 'node:util';
import type { Pin } from '../src/store/trail-chain.js';
import { openTrailCheck, type TrailVerdict } from '../src/store/trail-check.js';

const USAGE =
  'usage: npm run --silent verify-trail -- [--tenant SLUG]... [--expect SLUG=HASH[@REVISION]]... [--json]';
const EXPECTATION = /^([a-z0-9-]+)=([0-9a-f]{64})(?:@([1-9]\d{0,8}))?$/;

interface Request {
  readonly databaseUrl: string;
  /** None = all. */
  readonly slugs: readonly string[];
  readonly pins: ReadonlyMap<string, Pin>;
  readonly asJson: boolean;
}

/** What goes wrong is thrown as well. */
const NO_LOG = { debug() {}, info() {}, warn() {}, error() {} };

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<0 | 1 | 2> {
  const request = readArguments(args);
  if (typeof request === 'string') return complain(request);
  try {
    return (await verify(request)) ? 0 : 1;
  } catch (error) {
    const { message, cause }: { message: string; cause?: unknown } =
      error instanceof Error ? error : new Error(String(error));
    return complain(cause instanceof Error ? `${message} (${cause.message})` : message);
  }
}

/** What the arguments ask for, or what is wrong with them. */
function readArguments(args: readonly string[]): Request | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        tenant: { type: 'string', multiple: true, default: [] },
        expect: { type: 'string', multiple: true, default: [] },
        json: { type: 'boolean', default: false },
      },
    });
    const databaseUrl = process.env.DATABASE_URL;
    if (databaseUrl === undefined || databaseUrl === '') return `DATABASE_URL is not set.\n${USAGE}`;
    const pins = new Map<string, Pin>();
    for (const text of values.expect) {
      const [, slug, hash, revision] = EXPECTATION.exec(text) ?? [];
      if (slug === undefined || hash === undefined) return `Cannot read --expect ${text}.\n${USAGE}`;
      pins.set(slug, { hash, ...(revision !== undefined && { revision: Number(revision) }) });
    }
    return {
      databaseUrl,
      slugs: [...new Set([...values.tenant, ...pins.keys()])],
      pins,
      asJson: values.json,
    };
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n${USAGE}`;
  }
}

/** @returns whether all hold. @throws Error when there is no such tenant. */
async function verify({ databaseUrl, slugs, pins, asJson }: Request): Promise<boolean> {
  const check = await openTrailCheck(databaseUrl, NO_LOG);
  try {
    let whole = true;
    for (const slug of slugs.length === 0 ? [undefined] : slugs) {
      const pin = slug === undefined ? undefined : pins.get(slug);
      let last: string | undefined;
      for (;;) {
        const tenants = await check.tenants(last, slug);
        if (slug !== undefined && last === undefined && tenants.length === 0) {
          throw new Error(`There is no tenant ${slug}.`);
        }
        for (const { id, isNewest } of tenants) {
          const verdict = await check.byId(id, { pin: isNewest ? pin : undefined });
          whole &&= verdict.broken === null;
          console.log(asJson ? JSON.stringify(verdict) : toLine(verdict));
        }
        last = tenants.at(-1)?.id;
        if (last === undefined) break;
      }
    }
    return whole;
  } finally {
    await check.close();
  }
}

function toLine({ tenant, toRevision, hash, broken, lineageRenewed }: TrailVerdict): string {
  if (broken !== null)
    return `BROKEN  ${tenant}  revision ${broken.revision}: ${broken.kind}: ${broken.detail}`;
  return `ok      ${tenant}  revision ${toRevision}  ${hash}${lineageRenewed ? '  (lineage renewed since)' : ''}`;
}

function complain(message: string): 2 {
  console.error(message);
  return 2;
}
