import { keepStringMethodsFast } from '@origin-allowlist/client/core';
import type { FastifyInstance } from 'fastify';
import { buildApp } from './app.js';
import { type Closers, createClosers } from './closers.js';
import { type Config, readConfig } from './config.js';
import { keepAdminKey } from './embedded/admin-key.js';
import { openEmbeddedPostgres } from './embedded/embedded-postgres.js';
import { watchParent } from './parent-watch.js';
import { openServiceLog, type ServiceLog } from './service-log.js';
import { describeFailure, StartError } from './start-error.js';
import { openStore } from './store/store.js';
import { welcomeText } from './welcome.js';

/** Requests in flight may finish; after this their connections are cut. */
const HTTP_CLOSE_TIMEOUT_MS = 10_000;
const IDLE_SWEEP_INTERVAL_MS = 50;
const STORE_CLOSE_TIMEOUT_MS = 5_000;
const DATABASE_CLOSE_TIMEOUT_MS = 20_000;
/** npm repeats to its script the SIGINT that Ctrl-C sends to both: a second signal this soon is the first one again. */
const SAME_SIGNAL_MS = 1_000;
const SIGNAL_EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/** Closes what is open and ends the process. */
type Stop = (reason: string, exitCode: number) => void;

/** The database to use, and what the embedded one adds. */
interface Database {
  readonly url: string;
  readonly adminKey: string | undefined;
  readonly adminKeyPath: string | undefined;
}

// Whoever read our output may go away first; that must not take the service with it.
for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined);
await run();

async function run(): Promise<void> {
  keepStringMethodsFast();
  const config = readConfigOrExit();
  // In the embedded mode a person is watching: the start is told in plain lines, and the log proper begins after them.
  const tellPlainly = config.databaseUrl === undefined && config.logLevel === 'info';
  const serviceLog = openServiceLog({
    level: tellPlainly ? 'warn' : config.logLevel,
    secrets: secretsOf(config),
  });
  const { log } = serviceLog;
  const closers = createClosers(log);
  let stopping = false;
  const stop: Stop = (reason, exitCode) => {
    if (stopping) return;
    stopping = true;
    log.info({ reason }, 'stopping');
    if (exitCode !== 0) tellOnStderr(reason);
    void closers.closeAll().then(() => process.exit(exitCode));
  };
  stopOnSignals(stop);
  try {
    await start(config, serviceLog, closers, stop);
    log.level = config.logLevel;
  } catch (error) {
    if (stopping) return; // Closing under a start that is still under way makes it fail; that is no news.
    stopping = true;
    await closers.closeAll();
    exitWith(error, config);
  }
}

async function start(
  config: Config,
  { log, conceal }: ServiceLog,
  closers: Closers,
  stop: Stop,
): Promise<void> {
  const database = await openDatabase(config, closers, stop);
  conceal(database.adminKey);
  if (database.adminKey === undefined) {
    log.warn('ADMIN_KEY is not set: only keys made earlier through /v1/keys work');
  }
  const store = await openStore({
    databaseUrl: database.url,
    ...(config.redisUrl !== undefined && { redisUrl: config.redisUrl }),
    cacheSecret: config.cacheSecret,
    quotas: config.quotas,
    poolSize: config.databasePoolSize,
    log,
  });
  closers.add('store', STORE_CLOSE_TIMEOUT_MS, () => store.close());

  const app = await buildApp({
    store,
    adminKey: database.adminKey,
    logger: log,
    rateLimits: config.rateLimits,
    quotas: config.quotas,
    trustedProxies: config.trustedProxies,
    temporaryEntryDays: config.temporaryEntryDays,
  });
  closers.add('HTTP server', HTTP_CLOSE_TIMEOUT_MS, () => closeHttp(app));
  const address = await app
    .listen({ port: config.port, host: config.host })
    .catch((cause: NodeJS.ErrnoException) => {
      throw new StartError('port_unavailable', whyNotListening(config, cause), { cause });
    });

  if (config.databaseUrl !== undefined) {
    log.info(`Origin Allowlist on ${address}, documentation on ${address}/docs`);
    return;
  }
  const { adminKeyPath } = database;
  process.stdout.write(welcomeText({ address, dataDir: config.dataDir, adminKeyPath }));
}

async function openDatabase(config: Config, closers: Closers, stop: Stop): Promise<Database> {
  if (config.databaseUrl !== undefined) {
    return { url: config.databaseUrl, adminKey: config.adminKey, adminKeyPath: undefined };
  }
  if (config.startedByNpm) watchParent(() => stop('the process that started this one is gone', 1));
  const postgres = await openEmbeddedPostgres(config.dataDir);
  closers.add('embedded PostgreSQL', DATABASE_CLOSE_TIMEOUT_MS, () => postgres.close());
  void postgres.ended.then(() => {
    stop(`the embedded PostgreSQL ended by itself; its log is ${postgres.logFile}`, 1);
  });
  if (config.adminKey !== undefined) {
    return { url: postgres.url, adminKey: config.adminKey, adminKeyPath: undefined };
  }
  const kept = await keepAdminKey(config.dataDir);
  return { url: postgres.url, adminKey: kept.key, adminKeyPath: kept.path };
}

/** Fastify closes the connections that are idle now; those busy now are kept alive by their answer, and closed here. */
async function closeHttp(app: FastifyInstance): Promise<void> {
  const sweep = setInterval(() => app.server.closeIdleConnections(), IDLE_SWEEP_INTERVAL_MS);
  await app.close().finally(() => clearInterval(sweep));
}

function stopOnSignals(stop: Stop): void {
  let firstAt: number | undefined;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      firstAt ??= Date.now();
      if (Date.now() - firstAt > SAME_SIGNAL_MS) process.exit(SIGNAL_EXIT_CODES[signal]);
      stop(signal, 0);
    });
  }
}

function whyNotListening({ host, port }: Config, { code, message }: NodeJS.ErrnoException): string {
  if (code === 'EADDRINUSE')
    return `Port ${port} of ${host} is taken: stop what listens there, or set another PORT.`;
  if (code === 'EACCES') return `Port ${port} needs privileges this user does not have: set another PORT.`;
  return `Cannot listen on port ${port} of ${host} (${message}): set another HOST or PORT.`;
}

/** What of the settings must not be logged. */
function secretsOf({
  adminKey,
  cacheSecret,
  databaseUrl,
  redisUrl,
}: Config): readonly (string | undefined)[] {
  const passwords = [databaseUrl, redisUrl].map((url) => (url === undefined ? '' : new URL(url).password));
  return [adminKey, cacheSecret, ...passwords, ...passwords.map(decoded)];
}

function decoded(password: string): string {
  try {
    return decodeURIComponent(password);
  } catch {
    return password;
  }
}

function readConfigOrExit(): Config {
  try {
    return readConfig(process.env);
  } catch (error) {
    return exitWith(error, { logLevel: 'info' });
  }
}

function exitWith(error: unknown, { logLevel }: Pick<Config, 'logLevel'>): never {
  tellOnStderr(describeFailure(error, { stack: logLevel === 'debug' || logLevel === 'trace' }));
  process.exit(1);
}

function tellOnStderr(text: string): void {
  process.stderr.write(`origin-allowlist: ${text}\n`);
}
