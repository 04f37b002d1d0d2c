import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSseParser, type SseMessage } from '../../client/src/sync/sse-parser.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const read = (...chunks: readonly (string | Uint8Array)[]): readonly SseMessage[] => {
  const parser = createSseParser();
  return chunks.flatMap((chunk) => parser.push(typeof chunk === 'string' ? bytes(chunk) : chunk));
};
const event = (name: string, data: string) => ({ kind: 'event', name, data });

describe('given server-sent events', () => {
  it.each<[string, string, readonly object[]]>([
    ['an event', 'event: ping\ndata: {"a":1}\n\n', [event('ping', '{"a":1}')]],
    ['one without a name', 'data: x\n\n', [event('message', 'x')]],
    ['data of several lines', 'data: a\ndata:\ndata: b\n\n', [event('message', 'a\n\nb')]],
    ['no space, or two, after the colon', 'event:a\ndata:  b\n\n', [event('a', ' b')]],
    ['a hint when to come back', 'retry: 1500\n\n', [{ kind: 'retry', retryMs: 1500 }]],
    ['a hint that is no number', 'retry: soon\nretry: -1\nretry:\nretry: 9999999999\n', []],
    ['comments', ': hello\n:\n: \ndata: x\n\n', [event('message', 'x')]],
    ['fields it does not know', 'id: 7\nretries: 1\ndata\ndata: x\n\n', [event('message', 'x')]],
    ['a name without data, which is no event', 'event: ping\n\ndata: x\n\n', [event('message', 'x')]],
    ['a byte order mark', '\uFEFFdata: x\n\n', [event('message', 'x')]],
    [
      'every end of line',
      'data: a\r\n\r\ndata: b\r\rdata: c\n\ndata: d\r\n\n',
      ['a', 'b', 'c', 'd'].map((data) => event('message', data)),
    ],
    ['an event that has not ended', 'data: x\n', []],
  ])('it reads %s', (_title, text, messages) => {
    expect(read(text)).toEqual(messages);
  });

  it('a carriage return and its line feed in two chunks end one line', () => {
    expect(read('data: a\r', '\ndata: b\r', '\n\r', '\n')).toEqual([event('message', 'a\nb')]);
    expect(read('data: a\r', new Uint8Array(), '\n\r\n')).toEqual([event('message', 'a')]);
    expect(read('data: a\r', '\r', '\ndata: b\n\n')).toEqual([event('message', 'a'), event('message', 'b')]);
  });
});

describe('given bytes that are cut anywhere', () => {
  const piece = fc.constantFrom(
    'data: é€😀',
    'event: delta',
    'data:',
    'retry: 5',
    ': x',
    '\r',
    '\n',
    '\r\n',
    '\n\n',
    'x',
  );

  it('it reads the same', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.array(fc.nat({ max: 200 })), (pieces, cuts) => {
        const whole = bytes(pieces.join(''));
        const places = [
          0,
          ...cuts.filter((cut) => cut < whole.length).toSorted((a, b) => a - b),
          whole.length,
        ];
        const chunks = places.slice(1).map((end, index) => whole.slice(places[index], end));
        expect(read(...chunks)).toEqual(read(whole));
      }),
    );
  });
});

describe('given a stream without bounds', () => {
  it('gives up on a line that does not end', () => {
    const parser = createSseParser();
    const chunk = bytes('x'.repeat(64 * 1024));
    const pushAll = () => {
      for (let sent = 0; sent < 20; sent += 1) parser.push(chunk);
    };
    expect(pushAll).toThrow(
      expect.objectContaining({ code: 'stream_invalid', message: 'A line is too long.' }),
    );
  });

  it('gives up on an event that does not end', () => {
    const parser = createSseParser();
    const chunk = bytes(`data: ${'x'.repeat(1000)}\n`.repeat(64));
    const pushAll = () => {
      for (let sent = 0; sent < 20; sent += 1) parser.push(chunk);
    };
    expect(pushAll).toThrow('An event is too long.');
  });

  it('gives up on bytes that are no UTF-8', () => {
    expect(() => read(new Uint8Array([0xff]))).toThrow('The bytes are no UTF-8.');
  });

  it('reads a megabyte cut into small chunks in time that grows with it', () => {
    const parser = createSseParser();
    const text = `data: ${'x'.repeat(1_000_000)}\n\n`;
    let messages: readonly SseMessage[] = [];
    for (let start = 0; start < text.length; start += 16)
      messages = parser.push(bytes(text.slice(start, start + 16)));
    expect(messages).toHaveLength(1);
  });
});
