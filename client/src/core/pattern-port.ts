import { everyChar, isDigit } from './ascii.js';
import { defaultPort, MAX_PORT } from './origin.js';
import { type Diagnosis, note, noteRepaired } from './pattern-problem.js';

/** What a pattern says of the port. */
export interface PortForm {
  readonly port: number | undefined;
  readonly anyPort: boolean;
}

const NO_PORT: PortForm = { port: undefined, anyPort: false };

/**
 * Checks what follows the host.
 *
 * @param text with its colon; empty when there is none.
 */
export function checkPort(text: string, scheme: string | undefined, diagnosis: Diagnosis): PortForm {
  if (text === '') return NO_PORT;
  if (text === ':*') return { port: undefined, anyPort: true };
  if (text === ':') {
    noteRepaired(diagnosis, 'PORT_EMPTY', text, 'There is a colon without a port.');
    return NO_PORT;
  }
  const digits = text.slice(1);
  if (!everyChar(digits, isDigit)) {
    note(diagnosis, 'PORT_INVALID', text, 'A port is a number, or * for any.');
    return NO_PORT;
  }
  const port = Number(digits);
  if (port < 1 || port > MAX_PORT) {
    note(diagnosis, 'PORT_RANGE', text, `A port is a number from 1 to ${MAX_PORT}.`);
    return NO_PORT;
  }
  if (digits.startsWith('0')) {
    noteRepaired(diagnosis, 'PORT_LEADING_ZERO', text, 'Browsers send ports without leading zeros.');
  }
  if (scheme !== undefined && port === defaultPort(scheme)) {
    noteRepaired(
      diagnosis,
      'DEFAULT_PORT',
      text,
      `Browsers leave the port out when it is the default of ${scheme}:`,
    );
    return NO_PORT;
  }
  return { port, anyPort: false };
}
