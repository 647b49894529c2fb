export interface Booking {
  readonly amount: string;
}
