/** What `--help` prints. */
export const USAGE = `An order shop on Kafka: orders (one lane per key), payments (one lane per partition), notifications (unordered).

usage: npm start -- [options]

  --members N   processes of the group, 1 to 16 (default 1). With more than one, try: kill -9 PID
  --records N   produce N orders, handle what follows from them, print a summary and end (default: until Ctrl-C)
  --rate R      orders a second (default 100)
  --seed N      same seed, same orders, durations and failures (default 1)
  --port P      HTTP port of the first member, the others follow (default 3000, or any that is free)
  --no-view     a plain line a second instead of the live view; so it is where the output is no terminal
  --kafka       on a real broker: KAFKA_BROKERS=host:port,... or one that is started for the run
  --help        this text

Ctrl-C drains: running handlers finish, offsets are committed, the group is left, a summary is printed. A second one
ends at once.

Exit code: 0; 1 an order was broken, a record lost or the demo could not run; 2 wrong options; 130 ended by force.`;
