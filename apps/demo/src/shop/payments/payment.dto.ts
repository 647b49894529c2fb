/** What an order costs, to be taken from its customer. */
export interface Payment {
  readonly orderId: number;
  readonly customer: string;
  readonly seq: number;
  readonly cents: number;
}
