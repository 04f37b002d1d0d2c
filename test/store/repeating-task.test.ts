import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startRepeatingTask } from '../../src/store/repeating-task.js';
import { recordLog } from './log-recorder.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('given a task that repeats every second', () => {
  it('begins a round one second after the last one ended, never two at a time', async () => {
    const rounds: (() => void)[] = [];
    start(() => new Promise((resolve) => rounds.push(resolve)));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(rounds.length).toBe(1);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(rounds.length).toBe(1);
    rounds[0]?.();
    await vi.advanceTimersByTimeAsync(999);
    expect(rounds.length).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(rounds.length).toBe(2);
  });

  it('begins at once when wanted soon, and after the running round when there is one', async () => {
    const rounds: (() => void)[] = [];
    const { task } = start(() => new Promise((resolve) => rounds.push(resolve)));
    task.soon();
    await vi.advanceTimersByTimeAsync(0);
    expect(rounds.length).toBe(1);
    task.soon();
    await vi.advanceTimersByTimeAsync(0);
    expect(rounds.length).toBe(1);
    rounds[0]?.();
    await vi.advanceTimersByTimeAsync(0);
    expect(rounds.length).toBe(2);
  });

  it('goes on after a failure and logs the first failure and the recovery only', async () => {
    const outcomes = ['down', 'down', 'up', 'up', 'down'];
    const { logged } = start(async () => {
      if (outcomes.shift() === 'down') throw new Error('down');
    });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(logged).toEqual([
      'warn: the check failed and will be tried again',
      'info: the check works again',
      'warn: the check failed and will be tried again',
    ]);
  });

  it('waits for the running round when stopped and starts no other', async () => {
    const rounds: (() => void)[] = [];
    const { task } = start(() => new Promise((resolve) => rounds.push(resolve)));
    await vi.advanceTimersByTimeAsync(1_000);
    let stopped = false;
    void task.stop().then(() => {
      stopped = true;
    });
    await vi.advanceTimersByTimeAsync(0);
    expect(stopped).toBe(false);
    rounds[0]?.();
    await vi.advanceTimersByTimeAsync(0);
    expect(stopped).toBe(true);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(rounds.length).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});

function start(round: () => Promise<void>) {
  const { log, logged } = recordLog();
  return { task: startRepeatingTask({ name: 'check', task: round, intervalMs: 1_000, log }), logged };
}
