const CHECK_INTERVAL_MS = 1_000;

/**
 * Calls `onGone` once when the process that started this one is gone.
 *
 * For `npm start` in the embedded mode. npm passes SIGTERM and SIGINT on, but when npm itself is killed nothing tells its
 * script: service and database would run on unseen, holding the port and the data directory. Elsewhere a parent may come
 * and go as it likes, as a shell does that starts a service in the background.
 */
export function watchParent(onGone: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onGone();
  }, CHECK_INTERVAL_MS);
  timer.unref();
}
