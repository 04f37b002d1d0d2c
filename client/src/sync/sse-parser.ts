/** What a stream of server-sent events says (WHATWG HTML §9.2). */
export type SseMessage =
  | { readonly kind: 'event'; readonly name: string; readonly data: string }
  /** How long to wait before connecting again, in ms. */
  | { readonly kind: 'retry'; readonly retryMs: number };

/** Reads server-sent events as their bytes come in, cut anywhere. */
export interface SseParser {
  /**
   * @returns what these bytes completed.
   * @throws SseError for bytes that are no UTF-8, and for a line or an event beyond its bound. The parser is of no use afterwards.
   */
  push(chunk: Uint8Array): readonly SseMessage[];
}

/** A stream that is not read further. */
export class SseError extends Error {
  readonly code = 'stream_invalid';

  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'SseError';
  }
}

/** Characters of the data of one event. The service sends at most 256 KiB of operations; more makes it say `resync`. */
const MAX_EVENT_LENGTH = 1024 * 1024;
/** Of one line, its field name included. */
const MAX_LINE_LENGTH = MAX_EVENT_LENGTH + 64;
const MAX_RETRY_DIGITS = 9;

export function createSseParser(): SseParser {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  /** Parts of the line that has not ended. */
  let parts: string[] = [];
  let partsLength = 0;
  /** A carriage return ended the last chunk: a line feed straight after it belongs to it. */
  let endedInReturn = false;
  let name = '';
  let data: string[] = [];
  let dataLength = 0;

  function keepPart(part: string): void {
    partsLength += part.length;
    if (partsLength > MAX_LINE_LENGTH) throw new SseError('A line is too long.');
    if (part !== '') parts.push(part);
  }

  function endLine(): string {
    const line = parts.join('');
    parts = [];
    partsLength = 0;
    return line;
  }

  function takeLine(line: string): SseMessage | undefined {
    if (line === '') return endEvent();
    const colon = line.indexOf(':');
    // A comment, or a field without a value, none of which means anything here.
    if (colon < 1) return undefined;
    const value = line.slice(line.charAt(colon + 1) === ' ' ? colon + 2 : colon + 1);
    switch (line.slice(0, colon)) {
      case 'event':
        name = value;
        return undefined;
      case 'data':
        dataLength += value.length + 1;
        if (dataLength > MAX_EVENT_LENGTH) throw new SseError('An event is too long.');
        data.push(value);
        return undefined;
      case 'retry':
        return retryOf(value);
      default:
        return undefined;
    }
  }

  function endEvent(): SseMessage | undefined {
    const event = { kind: 'event', name: name === '' ? 'message' : name, data: data.join('\n') } as const;
    const isEmpty = data.length === 0;
    name = '';
    data = [];
    dataLength = 0;
    return isEmpty ? undefined : event;
  }

  return {
    push(chunk) {
      const messages: SseMessage[] = [];
      const text = decode(decoder, chunk);
      let start = endedInReturn && text.startsWith('\n') ? 1 : 0;
      if (text !== '') endedInReturn = false;
      for (let end = endOfLine(text, start); end !== -1; end = endOfLine(text, start)) {
        keepPart(text.slice(start, end));
        const message = takeLine(endLine());
        if (message !== undefined) messages.push(message);
        const isReturn = text.charAt(end) === '\r';
        start = isReturn && text.charAt(end + 1) === '\n' ? end + 2 : end + 1;
        endedInReturn = isReturn && end === text.length - 1;
      }
      keepPart(text.slice(start));
      return messages;
    },
  };
}

function decode(decoder: InstanceType<typeof TextDecoder>, chunk: Uint8Array): string {
  try {
    return decoder.decode(chunk, { stream: true });
  } catch (error) {
    throw new SseError('The bytes are no UTF-8.', error);
  }
}

/** Index of the next carriage return or line feed, -1 when there is none. */
function endOfLine(text: string, start: number): number {
  const feed = text.indexOf('\n', start);
  const line = feed === -1 ? text.slice(start) : text.slice(start, feed);
  const carriageReturn = line.indexOf('\r');
  return carriageReturn === -1 ? feed : start + carriageReturn;
}

function retryOf(value: string): SseMessage | undefined {
  const isNumber = /^\d+$/.test(value) && value.length <= MAX_RETRY_DIGITS;
  return isNumber ? { kind: 'retry', retryMs: Number(value) } : undefined;
}
