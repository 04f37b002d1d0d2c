import { describe, expect, it } from 'vitest';
import { describeFailure, StartError } from '../../src/start-error.js';

describe('given a start that failed', () => {
  it.each([
    [new StartError('port_unavailable', 'Port 80 is taken.'), 'Port 80 is taken.'],
    [new Error('two\n  lines'), 'two lines'],
    [new Error(''), 'Error'],
    [
      new AggregateError([new Error('refused on ::1'), new Error('refused on 127.0.0.1')]),
      'refused on ::1; refused on 127.0.0.1',
    ],
    ['thrown text', 'thrown text'],
    [
      new Error('cannot open postgresql://user:p@ss:w@db:5432/x now'),
      'cannot open postgresql://***@db:5432/x now',
    ],
  ])('tells %o in one line without a password', (error, line) => {
    expect(describeFailure(error, { stack: false })).toBe(line);
  });

  it('adds the stack below the line when asked for', () => {
    const [line, ...stack] = describeFailure(new Error('broken'), { stack: true }).split('\n');
    expect(line).toBe('broken');
    expect(stack.join('\n')).toContain('start-error.test.ts');
  });
});
