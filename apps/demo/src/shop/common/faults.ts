/**
 * Set by tests to see that the ledger sees: `order` takes the lanes away from the orders worker, `loss` lets a
 * notification be settled without having been handled.
 */
export const BREAK: string = process.env['DEMO_BREAK'] ?? '';
