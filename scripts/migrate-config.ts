/**
 * Reads a CORS configuration of another library and prints it as policies, entries and findings:
 * `npm run --silent migrate-config -- FILE [--from LIBRARY] [--path PREFIX]… [--json]`, FILE `-` = standard input.
 * Exit code 0: all converted; 1: something refused; 2: cannot be read.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { LIBRARIES, libraryNamed } from '../src/migrate/configuration/library.js';
import { type Conversion, type ConversionHints, convertConfiguration } from '../src/migrate/conversion.js';
import { tableLines } from '../src/migrate/conversion-table.js';
import { SourceError } from '../src/migrate/literal/source-error.js';

const STANDARD_INPUT = 0;
const USAGE = `usage: npm run --silent migrate-config -- FILE [--from LIBRARY] [--path PREFIX]... [--json]
libraries: ${LIBRARIES.join(', ')}`;

process.exitCode = main(process.argv.slice(2));

function main(args: readonly string[]): 0 | 1 | 2 {
  const request = readArguments(args);
  if (typeof request === 'string') return complain(request);
  const { file, hints, asJson } = request;
  let conversion: Conversion;
  try {
    conversion = convertConfiguration(readFileSync(file === '-' ? STANDARD_INPUT : file, 'utf8'), hints);
  } catch (error) {
    return complain(messageOf(file, error));
  }
  console.log(asJson ? JSON.stringify(conversion) : tableLines(conversion).join('\n'));
  return conversion.refused.length === 0 ? 0 : 1;
}

interface Request {
  readonly file: string;
  readonly hints: ConversionHints;
  readonly asJson: boolean;
}

/** What the arguments ask for, or what is wrong with them. */
function readArguments(args: readonly string[]): Request | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        from: { type: 'string' },
        path: { type: 'string', multiple: true },
        json: { type: 'boolean', default: false },
      },
    });
    const [file, ...rest] = positionals;
    if (file === undefined || rest.length > 0) return USAGE;
    const from = values.from === undefined ? undefined : libraryNamed(values.from);
    if (values.from !== undefined && from === undefined)
      return `There is no library ${values.from}.\n${USAGE}`;
    const hints = {
      ...(from !== undefined && { from }),
      ...(values.path !== undefined && { paths: values.path }),
    };
    return { file, hints, asJson: values.json };
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n${USAGE}`;
  }
}

/** In the form that editors jump to. */
function messageOf(file: string, error: unknown): string {
  if (error instanceof SourceError) return `${file}:${error.line}:${error.column}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}

function complain(message: string): 2 {
  console.error(message);
  return 2;
}
