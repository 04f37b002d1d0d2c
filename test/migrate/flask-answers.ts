import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { isGranted } from './browser.js';
import { converted, ourAnswer } from './ours.js';
import { type Answer, answerOf, differences, type Probe } from './probe.js';

const probeSchema = z.object({
  method: z.string(),
  target: z.string(),
  headers: z.record(z.string(), z.string()),
});

const fileSchema = z.object({
  cases: z.array(
    z.object({
      name: z.string(),
      use: z.enum(['extension', 'decorator', 'hook']),
      source: z.string(),
      probes: z.record(z.string(), probeSchema),
      answers: z.record(
        z.string(),
        z.object({ status: z.number(), headers: z.record(z.string(), z.string()) }),
      ),
    }),
  ),
});

const FILE = new URL('./flask-answers.json', import.meta.url);
const { cases } = fileSchema.parse(JSON.parse(readFileSync(FILE, 'utf8')));

/** A configuration for Flask, with what Flask answered to each of its probes (`record-flask-answers.py`). */
export function recorded(name: string) {
  const found = cases.find((one) => one.name === name);
  if (found === undefined) throw new Error(`not recorded: ${name}`);
  const conversion = converted(found.source);
  const pair = (probeName: string): { probe: Probe; theirs: Answer; ours: Answer } => {
    const [probe, answer] = [found.probes[probeName], found.answers[probeName]];
    if (probe === undefined || answer === undefined) throw new Error(`${name}: not recorded: ${probeName}`);
    const theirs = answerOf(answer.status, Object.entries(answer.headers));
    return { probe, theirs, ours: ourAnswer(conversion, probe) };
  };
  return {
    conversion,
    answers: pair,
    /** How our answer differs. */
    compare(probeName: string) {
      const { theirs, ours } = pair(probeName);
      return differences(theirs, ours);
    },
    /** What a browser lets a page do by their answer and by ours: without and with credentials. */
    verdicts(probeName: string) {
      const { probe, theirs, ours } = pair(probeName);
      const both = [{ credentials: false }, { credentials: true }];
      return {
        theirs: both.map((asking) => isGranted(theirs, probe, asking)),
        ours: both.map((asking) => isGranted(ours, probe, asking)),
      };
    },
  };
}
