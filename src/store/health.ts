import type { Database } from './database.js';
import type { RedisConnection } from './redis-connection.js';

/** What answers. `off` = there is none. */
export interface Health {
  readonly postgres: 'up' | 'down';
  readonly redis: 'up' | 'down' | 'off';
}

/** Looks at both. Anybody may ask, without a key: who asks while a look is under way shares it, so a flood costs no more than one. */
export function createHealth(db: Database, redis: RedisConnection | undefined): () => Promise<Health> {
  let looking: Promise<Health> | undefined;

  async function look(): Promise<Health> {
    const [postgres, answer] = await Promise.all([isUp(db), redis?.ping()]);
    return { postgres: postgres ? 'up' : 'down', redis: answer ?? 'off' };
  }

  return () => {
    looking ??= look().finally(() => {
      looking = undefined;
    });
    return looking;
  };
}

async function isUp(db: Database): Promise<boolean> {
  return db.query('SELECT 1').then(
    () => true,
    () => false,
  );
}
