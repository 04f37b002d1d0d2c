/** Look-ups after which V8 has surely noticed. */
const LOOK_UPS = 1000;

/**
 * Keeps the methods of texts as fast as they are in a new process. From the moment that a class extends `String`, as one in
 * ioredis 6 does, V8 looks each method up in a slow table, and whatever reads a text character by character takes five times as long,
 * in the whole process. A table that methods are looked up in through an object it makes a fast one, before such a class and after, and
 * then it stays so.
 *
 * @returns the method it has looked up.
 */
export function keepStringMethodsFast(): unknown {
  const text = Object.create(String.prototype);
  let found: unknown;
  for (let count = 0; count < LOOK_UPS; count += 1) found = text.charCodeAt;
  return found;
}
