import { Catch } from '@nestjs/common';

/** Nothing is ever an instance of it. */
abstract class Nothing {}

/**
 * Tells whether a strategy's handlers are built with the application's global filters. In a hybrid app that depends on
 * `inheritAppConfig`, which Nest tells nobody, and calling filters that Nest would not call (made for HTTP, as a rule)
 * is worse than not calling any.
 *
 * It stands among the global filters and is none: `catch` is undefined, so Nest drops it from every list it builds, but
 * Nest had to look. A look between two of a server's handlers means that the lists belong together.
 * @internal
 */
@Catch(Nothing)
export class GlobalsProbe {
  /** How many lists have been built with these filters. */
  looks = 0;

  get catch(): undefined {
    this.looks++;
    return undefined;
  }
}
