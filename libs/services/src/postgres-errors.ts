/** No way to get a PostgreSQL on this machine. The message says what to install. */
export class PostgresUnavailableError extends Error {
  override readonly name = 'PostgresUnavailableError';

  constructor() {
    super(
      [
        'No PostgreSQL available. One of these is needed:',
        '  - the server: "apt-get install postgresql", or "postgres" and "initdb" of any other package on the PATH;',
        '  - a running server on which databases may be created: DATABASE_URL=postgres://user:password@host:port/database',
      ].join('\n'),
    );
  }
}

/** A server did not come up, did not come back or did not end in time. The message ends with its log. */
export class PostgresServerError extends Error {
  override readonly name = 'PostgresServerError';
}

/** Asked to kill or restart the server of DATABASE_URL, which somebody else runs. */
export class NotOurPostgresError extends Error {
  override readonly name = 'NotOurPostgresError';

  constructor(action: string) {
    super(
      `Cannot ${action} the server of DATABASE_URL: it is not ours. ` +
        'Unset DATABASE_URL, or use startPostgres({ own: true }), for one that may be killed.',
    );
  }
}
