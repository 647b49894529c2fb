/** An order, as the shop's front produces it. */
export interface Order {
  /** From 1, without gaps. */
  readonly id: number;
  readonly customer: string;
  /** The how manyth order of this customer, from 1. */
  readonly seq: number;
  readonly product: string;
  readonly cents: number;
}
