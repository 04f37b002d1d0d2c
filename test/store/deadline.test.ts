import { stat } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { withDeadline } from '../../src/store/deadline.js';

describe('given work with a deadline', () => {
  it('passes on its value and its failure', async () => {
    await expect(withDeadline(Promise.resolve('answer'), 1_000, 'the test')).resolves.toBe('answer');
    await expect(withDeadline(Promise.reject(new Error('broken')), 1_000, 'the test')).rejects.toThrow(
      'broken',
    );
  });

  it('rejects when it does not answer in time', async () => {
    await expect(withDeadline(new Promise(() => {}), 10, 'the test')).rejects.toMatchObject({
      code: 'deadline_passed',
      message: 'the test did not answer within 10 ms',
    });
  });

  it('takes an answer that came in time while this process was busy', async () => {
    // After setImmediate the event loop looks at timers first, then at what has arrived: the order that matters here.
    await new Promise((resolve) => setImmediate(resolve));
    const answer = withDeadline(stat('.'), 20, 'the disk');
    const busyUntilMs = performance.now() + 60;
    while (performance.now() < busyUntilMs);
    expect((await answer).isDirectory()).toBe(true);
  });
});
