import type { Logger } from '../../src/log.js';

const silent = () => undefined;

/** A logger for tests that do not look at what is logged. */
export const silentLog: Logger = { debug: silent, info: silent, warn: silent, error: silent };
