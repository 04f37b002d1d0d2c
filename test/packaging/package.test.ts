import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readText } from './workspace.js';

const manifestSchema = z.object({ scripts: z.record(z.string(), z.string()) });
const MOST_SCRIPTS = 12;

describe('given the npm scripts', () => {
  it('are few enough to remember', async () => {
    const { scripts } = manifestSchema.parse(JSON.parse(await readText('package.json')));
    expect(Object.keys(scripts).length).toBeLessThanOrEqual(MOST_SCRIPTS);
  });
});

describe('given the licence', () => {
  it('is the same in the package of the SDK, which npm packs on its own', async () => {
    expect(await readText('client/LICENSE')).toBe(await readText('LICENSE'));
  });
});
