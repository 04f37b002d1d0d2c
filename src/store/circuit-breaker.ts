/** How {@link createCircuitBreaker} behaves. */
export interface CircuitBreakerOptions {
  /** Failures in a row that open the circuit. At least 1. */
  readonly failures: number;
  /** How long an open circuit refuses before it lets one call through as a probe, in milliseconds. */
  readonly openMs: number;
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
  /** Told once per change: `open` with the failure that opened it, or closed again. */
  readonly onChange: (state: 'open' | 'closed', cause?: unknown) => void;
}

/** Stops calling something that keeps failing, so that its timeout is paid a few times and not by every caller. */
export interface CircuitBreaker {
  /**
   * Runs `task`, whose call starts synchronously (calls made in order are sent in order), and passes on its
   * outcome. While the circuit is open it rejects at once with {@link CircuitOpenError}. Calls may overlap.
   */
  run<T>(task: () => Promise<T>): Promise<T>;
  /** Closes the circuit: for news from elsewhere that the other side is back. */
  reset(): void;
}

/** Thrown instead of calling, while the circuit is open. */
export class CircuitOpenError extends Error {
  readonly code = 'circuit_open';
  constructor() {
    super('not called: the last calls failed');
    this.name = 'CircuitOpenError';
  }
}

/** A closed circuit. Opens after `failures` in a row; one probe every `openMs` decides whether it closes again. */
export function createCircuitBreaker(options: CircuitBreakerOptions): CircuitBreaker {
  let failuresInARow = 0;
  let open = false;
  let probeDueMs = 0;

  function succeeded(): void {
    failuresInARow = 0;
    if (!open) return;
    open = false;
    options.onChange('closed');
  }

  function failed(cause: unknown): void {
    failuresInARow += 1;
    if (open || failuresInARow < options.failures) return;
    open = true;
    probeDueMs = options.now() + options.openMs;
    options.onChange('open', cause);
  }

  return {
    async run(task) {
      if (open) {
        const nowMs = options.now();
        if (nowMs < probeDueMs) throw new CircuitOpenError();
        // Moved on before the probe settles, so that a probe that hangs is the only one of its period.
        probeDueMs = nowMs + options.openMs;
      }
      try {
        const value = await task();
        succeeded();
        return value;
      } catch (cause) {
        failed(cause);
        throw cause;
      }
    },
    reset: succeeded,
  };
}
