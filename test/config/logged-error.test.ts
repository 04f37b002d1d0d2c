import { describe, expect, it } from 'vitest';
import { loggedError } from '../../src/logged-error.js';

describe('given an error with more on it than should be logged', () => {
  it('keeps its name, message, code, stack and cause, and nothing else', () => {
    const cause = Object.assign(new Error('connection lost'), { code: '57P01', client: { secretKey: 42 } });
    const logged = loggedError(new TypeError('no answer', { cause }));
    expect(logged).toEqual({
      type: 'TypeError',
      message: 'no answer',
      code: undefined,
      stack: expect.stringContaining('TypeError: no answer'),
      cause: {
        type: 'Error',
        message: 'connection lost',
        code: '57P01',
        stack: expect.stringContaining('Error: connection lost'),
        cause: undefined,
      },
    });
  });

  it('ends on an error that is its own cause', () => {
    const error = new Error('again');
    error.cause = error;
    expect(JSON.stringify(loggedError(error)).match(/"message":"again"/g)).toHaveLength(6);
  });

  it('takes what is thrown and is no error', () => {
    expect(loggedError('text')).toEqual({ type: 'string', message: 'text' });
  });
});
