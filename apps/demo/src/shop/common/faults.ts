/**
 * Set by tests. `order` takes the lanes away from the orders worker, and `loss` lets notifications be settled that were
 * not handled: the ledger has to see both. With `hang` notifications take longer than anybody waits.
 */
export const BREAK: string = process.env['DEMO_BREAK'] ?? '';
