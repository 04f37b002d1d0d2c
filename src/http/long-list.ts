import { z } from 'zod';
import { MAX_PROBLEMS } from '../errors.js';
import { inTurns } from '../turns.js';
import { invalidInput, problemsOf } from './input-problems.js';

/** By the schema of a list, the same with anything for items. */
const outlines = new WeakMap<z.ZodType, z.ZodType>();

/** A list that is a field of a body and whose items are judged in turns: the longest lists take a second. */
export function longList<Item extends z.ZodType>(item: Item, bounds: Bounds): z.ZodArray<Item> {
  const list = bounded(item, bounds);
  outlines.set(list, bounded(z.unknown(), bounds));
  return list;
}

interface Bounds {
  readonly min?: number;
  readonly max: number;
}

function bounded<Item extends z.ZodType>(item: Item, { min, max }: Bounds): z.ZodArray<Item> {
  const list = z.array(item).max(max);
  return min === undefined ? list : list.min(min);
}

/** A body with a {@link longList} in it. */
interface LongList {
  readonly field: string;
  readonly item: z.ZodType;
  /** The body with anything for items. */
  readonly outline: z.ZodType;
}

/** The long list in a body of this schema. */
export function longListIn(schema: z.ZodType): LongList | undefined {
  if (!(schema instanceof z.ZodObject)) return undefined;
  for (const [field, list] of Object.entries(schema.shape)) {
    const outline = list instanceof z.ZodArray ? outlines.get(list) : undefined;
    if (outline !== undefined) {
      return { field, item: list.element, outline: schema.extend({ [field]: outline }) };
    }
  }
  return undefined;
}

/**
 * Judges a body and puts what its schema makes of it in its place, since Fastify takes no value from an asynchronous validator. Once
 * there are as many problems as are told no further item is looked at.
 *
 * @throws AppError `invalid_input`.
 */
export async function judgeInTurns(body: unknown, { field, item, outline }: LongList): Promise<void> {
  const result = outline.safeParse(body);
  const problems = result.success ? [] : [...problemsOf(result.error)];
  const pointer = `/${field}`;
  const isListWrong = problems.some((problem) => problem.pointer === pointer);
  if (isListWrong || !isRecord(body) || !Array.isArray(body[field])) throw invalidInput(problems);
  const values: unknown[] = [];
  let index = 0;
  for await (const turn of inTurns<unknown>(body[field])) {
    for (const value of turn) {
      const judged = item.safeParse(value);
      if (judged.success) values.push(judged.data);
      else problems.push(...problemsOf(judged.error, `${pointer}/${index}`));
      index += 1;
    }
    if (problems.length >= MAX_PROBLEMS) break;
  }
  if (problems.length > 0) throw invalidInput(problems);
  Object.assign(body, result.data, { [field]: values });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
