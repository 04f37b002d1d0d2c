import type { LintContext } from '../../src/lint/lint-context.js';

export const PLAIN: LintContext = { credentials: false, environment: 'production' };
export const CREDENTIALS: LintContext = { credentials: true, environment: 'production' };
export const DEVELOPMENT: LintContext = { credentials: true, environment: 'development' };
