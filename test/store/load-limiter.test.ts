import { describe, expect, it } from 'vitest';
import { createLoadLimiter } from '../../src/store/load-limiter.js';

describe('given a limiter of two at once and one waiting', () => {
  it('runs two, holds the third back, refuses the fourth, and goes on as places come free', async () => {
    const limiter = createLoadLimiter({ concurrent: 2, waiting: 1 });
    const started: number[] = [];
    const finish: (() => void)[] = [];
    const run = (id: number) =>
      limiter.run(async () => {
        started.push(id);
        await new Promise<void>((resolve) => finish.push(resolve));
        return id;
      });

    const first = run(1);
    const second = run(2);
    const third = run(3);
    await expect(run(4)).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(started).toEqual([1, 2]);

    finish[0]?.();
    await expect(first).resolves.toBe(1);
    expect(started).toEqual([1, 2, 3]);
    finish[1]?.();
    finish[2]?.();
    await expect(Promise.all([second, third])).resolves.toEqual([2, 3]);
  });

  it('gives the place of a task that failed to the next', async () => {
    const limiter = createLoadLimiter({ concurrent: 1, waiting: 1 });
    const failing = limiter.run(() => Promise.reject(new Error('broken')));
    const next = limiter.run(() => Promise.resolve('done'));
    await expect(failing).rejects.toThrow('broken');
    await expect(next).resolves.toBe('done');
  });
});
