import { beforeEach, describe, expect, it } from 'vitest';
import {
  type CircuitBreaker,
  CircuitOpenError,
  createCircuitBreaker,
} from '../../src/store/circuit-breaker.js';

const refused = new Error('refused');
const fail = () => Promise.reject(refused);
const succeed = () => Promise.resolve('answer');

let nowMs: number;
let changes: string[];
let breaker: CircuitBreaker;

beforeEach(() => {
  nowMs = 0;
  changes = [];
  breaker = createCircuitBreaker({
    failures: 2,
    openMs: 1_000,
    now: () => nowMs,
    onChange: (state) => changes.push(state),
  });
});

describe('given a circuit that opens after two failures', () => {
  it('passes on values and failures while closed', async () => {
    await expect(breaker.run(succeed)).resolves.toBe('answer');
    await expect(breaker.run(fail)).rejects.toBe(refused);
    await expect(breaker.run(succeed)).resolves.toBe('answer');
    expect(changes).toEqual([]);
  });

  it('counts failures in a row only', async () => {
    for (const task of [fail, succeed, fail, succeed]) await breaker.run(task).catch(() => {});
    await expect(breaker.run(succeed)).resolves.toBe('answer');
    expect(changes).toEqual([]);
  });

  it('starts a task before run returns, so that calls keep their order', () => {
    const started: string[] = [];
    void breaker.run(async () => started.push('first'));
    void breaker.run(async () => started.push('second'));
    expect(started).toEqual(['first', 'second']);
  });
});

describe('given an open circuit', () => {
  beforeEach(async () => {
    await breaker.run(fail).catch(() => {});
    await breaker.run(fail).catch(() => {});
  });

  it('refuses without calling', async () => {
    let calls = 0;
    const count = async () => {
      calls += 1;
    };
    await expect(breaker.run(count)).rejects.toBeInstanceOf(CircuitOpenError);
    expect(calls).toBe(0);
    expect(changes).toEqual(['open']);
  });

  it('lets one probe through per period, even when the probe hangs', async () => {
    nowMs = 1_000;
    void breaker.run(() => new Promise(() => {}));
    await expect(breaker.run(succeed)).rejects.toBeInstanceOf(CircuitOpenError);
    nowMs = 2_000;
    await expect(breaker.run(succeed)).resolves.toBe('answer');
    expect(changes).toEqual(['open', 'closed']);
  });

  it('stays open when the probe fails, and says so once', async () => {
    nowMs = 1_000;
    await expect(breaker.run(fail)).rejects.toBe(refused);
    await expect(breaker.run(succeed)).rejects.toBeInstanceOf(CircuitOpenError);
    expect(changes).toEqual(['open']);
  });

  it('closes at once when told that the other side is back', async () => {
    breaker.reset();
    await expect(breaker.run(succeed)).resolves.toBe('answer');
    expect(changes).toEqual(['open', 'closed']);
  });
});
