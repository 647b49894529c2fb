import { availablePostgres, serveEmbeddedPostgres, startPostgres, type PostgresServer } from '@app/services';
import pg from 'pg';

/** The PostgreSQL a recipe runs on: empty at the start, gone at the end. */
export class RecipeDatabase {
  private constructor(
    /** What it is, for people. */
    readonly name: string,
    private readonly server: Pick<PostgresServer, 'url' | 'stop'>,
  ) {}

  /** On the server of DATABASE_URL, a server of this machine's programs, or without either one inside of this process. */
  static async start(): Promise<RecipeDatabase> {
    switch (availablePostgres()) {
      case 'env':
        return new RecipeDatabase('the server of DATABASE_URL', await startPostgres());
      case 'local':
        return new RecipeDatabase('a PostgreSQL of this machine', await startPostgres());
      case undefined:
        return RecipeDatabase.embedded();
    }
  }

  /** Inside of this process. */
  static async embedded(): Promise<RecipeDatabase> {
    return new RecipeDatabase('an embedded PostgreSQL', await serveEmbeddedPostgres());
  }

  get url(): string {
    return this.server.url;
  }

  /** On a connection that is gone afterwards: the embedded one serves one at a time. */
  async query<Row extends pg.QueryResultRow>(sql: string): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.url });
    await client.connect();
    try {
      return (await client.query<Row>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  stop(): Promise<void> {
    return this.server.stop();
  }
}
