import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('string-methods.ts', import.meta.url));

it.each([
  ['class first', [true, false, true, true]],
  ['client first', [true, true, true]],
])(
  'with a class that extends String, %s, reading texts is fast once there is a client',
  async (order, fast) => {
    const args = ['--import', 'tsx', '--conditions', '@origin-allowlist/source', SCRIPT, order];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    expect(JSON.parse(stdout)).toEqual(fast);
  },
);
