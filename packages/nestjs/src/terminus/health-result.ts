import type { HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import type { Verdict } from './verdict.js';

type Session = ReturnType<HealthIndicatorService['check']>;
type Details = Record<string, unknown>;

/** A verdict in Terminus' words. Terminus 11 knows no degrees: there it is up, with `degraded: true` beside it. */
export function healthResult<const Key extends string>(
  health: HealthIndicatorService,
  key: Key,
  { status, causes, details }: Verdict,
): HealthIndicatorResult<Key> {
  const session = health.check(key) as unknown as Omit<Session, 'degraded'> & {
    degraded?(details: Details): ReturnType<Session['up']>;
  };
  const said: Details = { ...(causes.length > 0 && { causes }), ...details };
  const result =
    status === 'down'
      ? session.down(said)
      : status === 'up'
        ? session.up(said)
        : (session.degraded?.(said) ?? session.up({ degraded: true, ...said }));
  return result as HealthIndicatorResult<Key>;
}
