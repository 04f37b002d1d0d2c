import { describe, expect, it } from 'vitest';
import { inFairTime, setFairTimeout } from '../../src/store/fair-timeout.js';

describe('given a process that computes past a timeout', () => {
  it('still takes what had arrived meanwhile', async () => {
    const answers = inFairTime(new Promise((resolve) => setTimeout(resolve, 80, 'answer')), 50);
    computeFor(120);
    expect(await answers).toBe('answer');
  });

  it('waits on for a little, not for ever', async () => {
    const silence = inFairTime(new Promise(() => {}), 20);
    computeFor(60);
    const startedMs = performance.now();
    await expect(silence).rejects.toThrow('No answer in 20 ms.');
    expect(performance.now() - startedMs).toBeLessThan(1_000);
  });
});

describe('given a timeout that was cancelled', () => {
  it('never calls, neither before nor after its time', async () => {
    let calls = 0;
    const cancel = setFairTimeout(() => {
      calls += 1;
    }, 10);
    computeFor(50);
    await new Promise((resolve) => setTimeout(resolve, 1));
    cancel();
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(calls).toBe(0);
  });
});

function computeFor(durationMs: number): void {
  const untilMs = performance.now() + durationMs;
  while (performance.now() < untilMs);
}
