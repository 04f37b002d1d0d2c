import { randomBytes } from 'node:crypto';
import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AdminKeySchema } from '../config.js';
import { StartError } from '../start-error.js';

/** A key the service made for itself, and the file a person finds it in. */
export interface KeptAdminKey {
  readonly key: string;
  readonly path: string;
}

const KEY_BYTES = 32;
/** Says what it is wherever it turns up, and lets secret scanners find it. */
const KEY_PREFIX = 'oa_admin_';

/**
 * Reads the admin key kept in the data directory, or makes one of 256 random bits and keeps it, readable by its owner only.
 *
 * @throws StartError `data_dir_unusable` when the file holds something else.
 */
export async function keepAdminKey(dataDir: string): Promise<KeptAdminKey> {
  const path = join(dataDir, 'admin-key');
  const kept = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new StartError('data_dir_unusable', `Cannot read the admin key (${error.message}).`, {
      cause: error,
    });
  });
  if (kept === undefined) return { key: await makeAdminKey(path), path };
  // A person may have put a key of their own there, with or without a line end.
  const parsed = AdminKeySchema.safeParse(kept.trim());
  if (parsed.success) return { key: parsed.data, path };
  const problems = parsed.error.issues.map((issue) => issue.message).join('; ');
  throw new StartError(
    'data_dir_unusable',
    `The key in ${path} ${problems}: delete the file to have a new one made.`,
  );
}

async function makeAdminKey(path: string): Promise<string> {
  const key = KEY_PREFIX + randomBytes(KEY_BYTES).toString('base64url');
  // Written beside and renamed: a start that is killed half-way leaves no empty key.
  await writeFile(`${path}.new`, `${key}\n`, { mode: 0o600 });
  await chmod(`${path}.new`, 0o600);
  await rename(`${path}.new`, path);
  return key;
}
