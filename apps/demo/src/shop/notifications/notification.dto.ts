/** A mail to a customer. */
export interface Notification {
  readonly orderId: number;
  readonly customer: string;
  readonly seq: number;
  readonly text: string;
}
