import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import * as wasmBindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import { Pool } from 'pg';

const require = createRequire(import.meta.url);
const SCHEMA_PATH = new URL('../../prisma/schema.prisma', import.meta.url).pathname;
const MIGRATIONS_PATH = new URL('../../prisma/migrations/', import.meta.url).pathname;
const EVERYTHING = { externalTables: [], externalEnums: [] };

// What Prisma's own CLI puts between an adapter and the engine; a dependency of the adapter, not of ours.
const { bindMigrationAwareSqlAdapterFactory: bind, ColumnTypeEnum }: AdapterUtils = createRequire(
  require.resolve('@prisma/adapter-pg'),
)('@prisma/driver-adapter-utils');

interface AdapterUtils {
  readonly bindMigrationAwareSqlAdapterFactory: (factory: object) => object;
  readonly ColumnTypeEnum: { readonly Character: number };
}

/** Node has it; the types of Node alone do not. */
const webAssembly: {
  instantiate(
    bytes: Uint8Array,
    imports: object,
  ): Promise<{ readonly instance: { readonly exports: { __wbindgen_start(): void } } }>;
} = Reflect.get(globalThis, 'WebAssembly');

/** Postgres' one-byte type "char", which the catalogs use; the adapter has no name for it, and the engine insists on it. */
const CHAR_OID = 18;
const BPCHAR_OID = 1042;

/** The statements that would turn the database into what schema.prisma says: none when they agree. */
export async function differences(databaseUrl: string): Promise<string> {
  const files = [{ path: SCHEMA_PATH, content: await readFile(SCHEMA_PATH, 'utf8') }];
  const { stdout } = await withEngine(databaseUrl, (engine) =>
    engine.diff({
      from: { tag: 'schemaDatasource', files, configDir: SCHEMA_PATH },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: null,
      filters: EVERYTHING,
    }),
  );
  return (stdout ?? '').replace('-- This is an empty migration.', '').trim();
}

/** `prisma migrate deploy`: gives the names of the migrations it applied. */
export async function deploy(databaseUrl: string): Promise<string[]> {
  const entries = await readdir(MIGRATIONS_PATH, { withFileTypes: true });
  const names = entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  const migrationDirectories = await Promise.all(
    names.sort().map(async (path) => {
      const value = await readFile(join(MIGRATIONS_PATH, path, 'migration.sql'), 'utf8');
      return { path, migrationFile: { path: 'migration.sql', content: { tag: 'ok', value } as const } };
    }),
  );
  const lockfile = {
    path: 'migration_lock.toml',
    content: await readFile(join(MIGRATIONS_PATH, 'migration_lock.toml'), 'utf8'),
  };
  const { appliedMigrationNames } = await withEngine(databaseUrl, (engine) =>
    engine.applyMigrations({
      migrationsList: { baseDir: MIGRATIONS_PATH, lockfile, shadowDbInitScript: '', migrationDirectories },
      filters: EVERYTHING,
    }),
  );
  return appliedMigrationNames;
}

async function withEngine<T>(
  databaseUrl: string,
  use: (engine: wasmBindings.SchemaEngine) => Promise<T>,
): Promise<T> {
  const pool = new Pool({ connectionString: databaseUrl });
  try {
    engineModule ??= loadEngine();
    const { SchemaEngine } = await engineModule;
    const datamodel: [string, string] = [SCHEMA_PATH, await readFile(SCHEMA_PATH, 'utf8')];
    return await use(
      await SchemaEngine.new({ datamodels: [datamodel] }, () => {}, bind(catalogAdapter(pool))),
    );
  } finally {
    await pool.end();
  }
}

/** Loaded once: the bindings keep views of the memory of the instance they were given first. */
let engineModule: ReturnType<typeof loadEngine> | undefined;

// The package's own entry imports the wasm file as a module, which Node cannot do yet.
async function loadEngine() {
  const wasm = await readFile(
    require.resolve('@prisma/schema-engine-wasm/schema_engine_bg').replace(/js$/, 'wasm'),
  );
  const { instance } = await webAssembly.instantiate(wasm, { './schema_engine_bg.js': { ...wasmBindings } });
  wasmBindings.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  return wasmBindings;
}

function catalogAdapter(pool: Pool) {
  const charColumns = new WeakMap<object, ReadonlySet<number>>();
  const query = pool.query.bind(pool);
  Object.assign(pool, {
    query: async (config: string) => {
      const result = await query(config);
      const found = result.fields.flatMap((field, index) => (field.dataTypeID === CHAR_OID ? [index] : []));
      for (const index of found) Object.assign(result.fields[index] ?? {}, { dataTypeID: BPCHAR_OID });
      charColumns.set(result.rows, new Set(found));
      return result;
    },
  });
  const factory = new PrismaPg(pool);
  return {
    provider: factory.provider,
    adapterName: factory.adapterName,
    connect: async () => {
      const adapter = await factory.connect();
      const queryRaw = adapter.queryRaw.bind(adapter);
      return Object.assign(adapter, {
        queryRaw: async (text: Parameters<typeof queryRaw>[0]) => {
          const result = await queryRaw(text);
          const found = charColumns.get(result.rows);
          const columnTypes = result.columnTypes.map((type, index) =>
            found?.has(index) ? ColumnTypeEnum.Character : type,
          );
          return { ...result, columnTypes };
        },
      });
    },
    // Not needed to compare a live database with a schema.
    connectToShadowDb: () => Promise.reject(new Error('there is no shadow database')),
  };
}
