import type pg from 'pg';

/** A table of effects without any constraint: what happens twice is there twice. */
export class Effects {
  private constructor(
    private readonly pool: pg.Pool,
    readonly table: string,
  ) {}

  static async create(pool: pg.Pool, table: string): Promise<Effects> {
    await pool.query(`CREATE TABLE ${table} (record_offset bigint NOT NULL, writer text NOT NULL)`);
    return new Effects(pool, table);
  }

  /** Work for `transact`. */
  by(writer: string, offset: number): (client: pg.PoolClient) => Promise<void> {
    return async (client) => {
      await client.query(`INSERT INTO ${this.table} VALUES ($1, $2)`, [offset, writer]);
    };
  }

  /** All, as `offset writer`, ascending. */
  async all(): Promise<string[]> {
    const { rows } = await this.pool.query<{ effect: string }>(
      `SELECT record_offset || ' ' || writer AS effect FROM ${this.table} ORDER BY record_offset, writer`,
    );
    return rows.map(({ effect }) => effect);
  }
}
