import { type SeededTenant, seedTenants } from './history-seed.js';
import { describeMachine } from './machine.js';
import { quantile } from './measure.js';
import { atMost, type Findings, round, table } from './report.js';
import { type ServiceNodes, startServiceNodes } from './service-nodes.js';

const FEW = 100;
const MANY = 100_000;
const ENTRIES = 200;
const PAGE = 20;
const WALK_PAGE = 200;
const FULL = { rounds: 400, warmUps: 20 };
const QUICK = { rounds: 40, warmUps: 5 };
const LIMIT = 1.3;
/** Rounds after which a revision comes again: by then the node has forgotten what it held of it. */
const DISTINCT_REVISIONS = 97;

/** Something that is asked of both tenants. */
interface Question {
  readonly what: string;
  /** @param round from 0, so that it can be another one each time. */
  readonly ask: (tenant: Walked, round: number) => Promise<unknown>;
  /** Nobody is measured who answers wrongly. */
  readonly isRight: (answer: ReturnType<typeof JSON.parse>, tenant: Walked, round: number) => boolean;
  /** Without: only to compare with. */
  readonly hasBar: boolean;
}

/** A tenant, and cursors into its lists. */
interface Walked extends SeededTenant {
  readonly middleOfTrail: string;
  readonly endOfTrail: string;
  readonly middleOfEntry: string;
}

/** What looking back costs when much has happened, against what it costs when little has. */
export async function benchHistory(isQuick: boolean): Promise<Findings> {
  const machine = describeMachine();
  const { rounds, warmUps } = isQuick ? QUICK : FULL;
  const service = await startServiceNodes(1);
  try {
    const [few, many] = await seedTenants(service.databaseUrl, [FEW, MANY], ENTRIES);
    if (few === undefined || many === undefined) throw new Error('two tenants were asked for');
    const tenants = [await walk(service, few), await walk(service, many)] as const;
    const timings = questions(service).map((question) => ({ question, few: noTimes(), many: noTimes() }));
    for (let round = -warmUps; round < rounds; round += 1) {
      for (const { question, ...times } of timings) {
        // Who is first is not always the same: a disturbance hits both alike.
        const order = round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const);
        for (const index of order) {
          const tookMs = await timeOf(question, tenants[index], Math.max(round, 0));
          if (round >= 0) (index === 0 ? times.few : times.many).push(tookMs);
        }
      }
    }
    const rows = timings.map(({ question: { what, hasBar }, ...times }) => {
      const [fewMs, manyMs] = [quantile(times.few, 0.5), quantile(times.many, 0.5)];
      return { what, fewMs, manyMs, times: manyMs / fewMs, hasBar };
    });
    return {
      report: {
        name: 'history',
        machine,
        rows: rows.map(({ hasBar: _hasBar, ...row }) => row),
        bars: rows
          .filter(({ hasBar }) => hasBar)
          .map(({ what, times }) => atMost(`${what}: ${MANY} changes against ${FEW}`, times, LIMIT, 'times')),
      },
      tables: [
        table(
          ['asked', `ms at ${FEW} changes`, `at ${MANY}`, 'times'],
          rows.map(({ what, fewMs, manyMs, times }) => [what, round(fewMs), round(manyMs), round(times)]),
        ),
      ],
    };
  } finally {
    await service.stop();
  }
}

function questions(service: ServiceNodes): readonly Question[] {
  const get = async (path: string) => (await service.read('GET', `/v1/${path}`)).json();
  const list = (
    what: string,
    path: (tenant: Walked, round: number) => string,
    count: number,
    hasBar = true,
  ): Question => ({
    what,
    ask: (tenant, round) => get(`tenants/${tenant.slug}/${path(tenant, round)}`),
    isRight: ({ items }) => items.length === count,
    hasBar,
  });
  const past = (what: string, revision: (tenant: Walked) => number): Question => ({
    ...list(what, (tenant) => `origins?limit=${PAGE}&atRevision=${revision(tenant)}`, PAGE),
    isRight: (answer, tenant) => answer.items.length === PAGE && answer.revision === revision(tenant),
  });
  const evaluation = (what: string, revision: (tenant: Walked, round: number) => number): Question => ({
    what,
    ask: (tenant, round) =>
      get(
        `evaluate?tenant=${tenant.slug}&origin=https://app7.example.com&atRevision=${revision(tenant, round)}`,
      ),
    isRight: (answer, tenant, round) => answer.allowed && answer.revision === revision(tenant, round),
    hasBar: true,
  });
  return [
    list('the list as it is (to compare with)', () => `origins?limit=${PAGE}`, PAGE, false),
    list('the trail, first page', () => `changes?limit=${PAGE}`, PAGE),
    list(
      'the trail, a page in the middle',
      ({ middleOfTrail }) => `changes?limit=${PAGE}&cursor=${middleOfTrail}`,
      PAGE,
    ),
    list('the trail, last page', ({ endOfTrail }) => `changes?limit=${PAGE}&cursor=${endOfTrail}`, PAGE),
    list('the trail of one actor', () => `changes?limit=${PAGE}&actor=key:seed`, PAGE),
    list('the trail until an instant', ({ middleAt }) => `changes?limit=${PAGE}&until=${middleAt}`, PAGE),
    past('the list at the revision before', ({ changes }) => changes - 1),
    past('the list in the middle', ({ changes }) => changes / 2),
    past('the list at its first revision', () => 2),
    list('the list at an instant', ({ middleAt }) => `origins?limit=${PAGE}&at=${middleAt}`, PAGE),
    evaluation('evaluate anywhere', anywhere),
    evaluation('evaluate at one revision again', ({ changes }) => changes / 2),
    {
      what: 'snapshot anywhere',
      ask: (tenant, round) => get(`snapshot?tenant=${tenant.slug}&atRevision=${anywhere(tenant, round + 1)}`),
      isRight: ({ revision, count }, tenant, round) =>
        revision === anywhere(tenant, round + 1) && count === ENTRIES,
      hasBar: true,
    },
    list(
      'the differences to the revision before',
      ({ changes }) => `changes/${changes - 1}/diff/${changes}`,
      1,
    ),
    list(
      'the differences to the first revision',
      ({ changes }) => `changes/1/diff/${changes}?limit=${PAGE}`,
      PAGE,
    ),
    list('the same, back', ({ changes }) => `changes/${changes}/diff/1?limit=${PAGE}`, PAGE),
    list('an entry’s own changes, first page', ({ entryId }) => `origins/${entryId}/changes?limit=10`, 10),
    list(
      'an entry’s own changes, in the middle',
      ({ entryId, middleOfEntry }) => `origins/${entryId}/changes?limit=10&cursor=${middleOfEntry}`,
      10,
    ),
  ];
}

/** A revision that was not asked for lately, somewhere in the tenant's past. */
function anywhere({ changes }: Walked, round: number): number {
  const share = ((round * 37) % DISTINCT_REVISIONS) / DISTINCT_REVISIONS;
  return 3 + Math.floor(share * (changes - 3));
}

async function walk(service: ServiceNodes, tenant: SeededTenant): Promise<Walked> {
  const { slug, changes, entryId } = tenant;
  const trail = `/v1/tenants/${slug}/changes`;
  return {
    ...tenant,
    middleOfTrail: await cursorAfter(service, trail, changes / 2),
    endOfTrail: await cursorAfter(service, trail, changes - PAGE),
    middleOfEntry: await cursorAfter(service, `/v1/tenants/${slug}/origins/${entryId}/changes`, changes / 8),
  };
}

/** The cursor of the page that begins after so many items: found by going there, as a caller would. */
async function cursorAfter(service: ServiceNodes, path: string, items: number): Promise<string> {
  let cursor = '';
  for (let left = Math.floor(items); left > 0; left -= WALK_PAGE) {
    const query = `limit=${Math.min(left, WALK_PAGE)}${cursor === '' ? '' : `&cursor=${cursor}`}`;
    const response = await service.read('GET', `${path}?${query}`);
    const answer: { readonly nextCursor: string | null } = JSON.parse(await response.text());
    if (answer.nextCursor === null) throw new Error(`${path} ends before ${items}`);
    cursor = answer.nextCursor;
  }
  return cursor;
}

async function timeOf(question: Question, tenant: Walked, round: number): Promise<number> {
  const startedMs = performance.now();
  const answer = await question.ask(tenant, round);
  const tookMs = performance.now() - startedMs;
  if (question.isRight(answer, tenant, round)) return tookMs;
  throw new Error(
    `wrong answer for ${tenant.slug}: ${question.what}: ${JSON.stringify(answer).slice(0, 500)}`,
  );
}

function noTimes(): number[] {
  return [];
}
