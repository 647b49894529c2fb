const SQL_STATE = /^[0-9A-Z]{5}$/;
/** How deep libraries put the error of the server into their own. */
const MAX_DEPTH = 5;

/**
 * PostgreSQL's code of an error, five characters, also where a library has wrapped it. Undefined where it does not come
 * from the server.
 */
export function sqlStateOf(error: unknown): string | undefined {
  let inner = error;
  for (let depth = 0; depth < MAX_DEPTH && typeof inner === 'object' && inner !== null; depth += 1) {
    const { code, cause } = inner as { code?: unknown; cause?: unknown };
    // five capitals like `EPIPE` are of the system; `severity` comes with every answer of the server
    if (typeof code === 'string' && SQL_STATE.test(code) && /\d/.test(code)) return code;
    inner = cause;
  }
  return undefined;
}

/** Another transaction was in the way, this one was rolled back, and trying again can help: 40001, 40P01, … */
export function isConflict(state: string | undefined): boolean {
  return state !== undefined && state.startsWith('40') && state !== COMPLETION_UNKNOWN;
}

/**
 * A COMMIT that the server has refused for what is in the transaction: a constraint or trigger that was deferred, or a
 * conflict. It is rolled back for certain, and it is the handler's matter.
 */
export function isRefusal(state: string | undefined): boolean {
  if (state === undefined || state === COMPLETION_UNKNOWN) return false;
  return ['22', '23', '40', '44', 'P0'].includes(state.slice(0, 2));
}

/** A statement after one that had failed. */
export const TRANSACTION_ABORTED = '25P02';
/** A lock was not to be had within `lock_timeout`. */
export const LOCK_TIMEOUT = '55P03';
const COMPLETION_UNKNOWN = '40003';
