/**
 * Which PostgreSQL the app writes to, as its modules inject it. An app of your own has `process.env.DATABASE_URL` in its
 * place.
 */
export abstract class DatabaseConfig {
  /** `postgres://…` */
  abstract readonly url: string;
}
