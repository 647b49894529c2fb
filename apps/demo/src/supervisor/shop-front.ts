import type { DriverProducer, OutgoingRecord } from '@kafka-worker/engine';
import { Chance } from '../shop/common/chance.js';
import type { Order } from '../shop/common/order.dto.js';

/** Not a divisor of the view's pace, or every frame would show the same moment of it. */
const TICK_MS = 43;
/** A front that fell behind catches up, but not all at once. */
const MOST_AT_ONCE = 500;
const CUSTOMERS = 48;
const PRODUCTS = ['teapot', 'kettle', 'toaster', 'lamp', 'clock', 'radio', 'ladder', 'hammock'];

/** What a front is opened with. */
export interface FrontOptions {
  readonly topic: string;
  readonly seed: number;
  /** Orders a second. */
  readonly rate: number;
  /** Undefined: until it is closed. */
  readonly records: number | undefined;
}

/** Where orders come from: some customers order more than others, each of them one order after the other. */
export class ShopFront {
  readonly #chance: Chance;
  /** Orders so far, by customer. */
  readonly #seqs = new Map<string, number>();
  #sent = 0;
  #closed = false;
  #running: Promise<void> | undefined;
  #wake: (() => void) | undefined;

  constructor(
    private readonly producer: DriverProducer,
    private readonly options: FrontOptions,
  ) {
    this.#chance = new Chance(options.seed);
  }

  /** Orders that the broker has acknowledged. */
  get sent(): number {
    return this.#sent;
  }

  /** All orders are sent. Never true where they have no end. */
  get finished(): boolean {
    return this.#sent === this.options.records;
  }

  /** Sends until all is sent or the front is closed. @throws what the producer throws. */
  open(): Promise<void> {
    return (this.#running ??= this.#run());
  }

  /** No further orders. Resolves when the last ones are acknowledged. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#wake?.();
    await this.#running?.catch(() => undefined);
    await this.producer.close();
  }

  async #run(): Promise<void> {
    const { rate, records = Infinity } = this.options;
    await this.producer.connect();
    const openedAt = performance.now();
    while (!this.#closed && this.#sent < records) {
      const due = Math.min(records, Math.ceil(((performance.now() - openedAt) / 1000) * rate)) - this.#sent;
      if (due > 0) {
        const orders = Array.from({ length: Math.min(due, MOST_AT_ONCE) }, (_, n) => this.#order(this.#sent + n + 1));
        await this.producer.send(orders);
        this.#sent += orders.length;
      }
      if (due <= MOST_AT_ONCE) await this.#pause();
    }
  }

  #order(id: number): OutgoingRecord {
    // Squared: the first customers order often, the last ones seldom.
    const customer = `c-${String(Math.floor(this.#chance.of('customer', id) ** 2 * CUSTOMERS) + 1).padStart(2, '0')}`;
    const seq = (this.#seqs.get(customer) ?? 0) + 1;
    this.#seqs.set(customer, seq);
    const product = PRODUCTS[this.#chance.between(0, PRODUCTS.length - 1, 'product', id)] ?? 'gift card';
    const order: Order = { id, customer, seq, product, cents: this.#chance.between(500, 20_000, 'cents', id) };
    return { topic: this.options.topic, key: customer, value: JSON.stringify(order) };
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, TICK_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
