export interface Purchase {
  readonly item: string;
  readonly cents: number;
}
