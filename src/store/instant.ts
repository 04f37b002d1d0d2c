/** An instant as `toISOString` writes it. To Postgres there is no year 0. */
const INSTANT = /^(?!0000)\d{4}-\d\d-\d\dT[\d:.]{12}Z$/;

/** Whether a text is an instant in the one form the store gives them. */
export function isInstant(text: string): boolean {
  const time = Date.parse(text);
  return INSTANT.test(text) && !Number.isNaN(time) && new Date(time).toISOString() === text;
}
