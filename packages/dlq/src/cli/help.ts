/** What `--help` says. */
export const HELP = `Lists the dead letters of kafka-worker and sends them back to where they came from.

  kafka-worker-dlq list   <dead-letter topic> [options]
  kafka-worker-dlq replay <dead-letter topic> [options]           says what it would do
  kafka-worker-dlq replay <dead-letter topic> [options] --execute does it

Which dead letters (all must match; default: all)
  --partition <n>          partition of the dead-letter topic
  --offset <a..b>          offsets in the dead-letter topic, both ends included; also 17, 17.. and ..42
  --from-topic <name>      topic that they came from
  --from-partition <n>     partition that they came from
  --from-offset <a..b>     offsets that they had there
  --group <id>             group that gave up on them
  --worker <name>          worker that gave up on them
  --error <class>          class of the error, e.g. TypeError
  --error </regexp/flags>  the error's message matches, e.g. '/timed out/i'
  --key <text>             key of the record, byte for byte
  --key-hex <digits>       the same for keys that are no text
  --since <time>           given up at this moment or later: 2026-03-01T12:00:00Z, or milliseconds since the epoch
  --until <time>           given up before this moment
  --limit <n>              no more than this, those that were given up on first

list
  --values                 shows key, value and headers; left out by default, since they are what users sent

replay
  --execute                sends; without it nothing is sent and nothing is noted
  --to <topic>             everything goes to this topic instead of its origin, foreign records too
  --again                  also what has been replayed before
  --rate <n>               no more than this many each second
  --request-records <n>    records that are sent and noted together, default 100: as many may come twice where the
                           process is killed

Connection
  --brokers <host:port,…>  default: what the config file says, else KAFKA_BROKERS
  --client-id <id>         default kafka-worker-dlq
  --config <file>          .mjs (default export) or .json with kafkajs client options: ssl, sasl, brokers, …
                           Secrets belong there, not on a command line.
  --session-timeout <ms>   of the group member, default 10000
  --silence <ms>           an end without records counts as reached when nothing has come for so long, default 5000

Output
  --json                   one JSON object on each line of stdout
  --verbose                the client's own lines on stderr
  -h, --help               this

Exit codes
  0    everything that matches was listed, replayed, or would be
  1    failed: no broker, no such dead-letter topic, no permission
  2    the command line or the config file is wrong; nothing was done
  3    something that matches was not sent, or may be sent twice; the output says what and why
  130  stopped by SIGINT or SIGTERM; the request under way was finished and noted

What is replayed stands in the offset and metadata of the group <dead-letter topic>.replay, so a second run does not
send it again. A record without the headers of a dead letter is foreign: reported, and sent only with --to.
A replayed record comes after everything that was handled meanwhile.

Examples
  kafka-worker-dlq list orders.dlq --brokers localhost:9092
  kafka-worker-dlq list orders.dlq --error TypeError --since 2026-03-01T12:00:00Z --values
  kafka-worker-dlq replay orders.dlq --from-topic orders --error '/timed out/i'
  kafka-worker-dlq replay orders.dlq --from-topic orders --error '/timed out/i' --execute --rate 50
  kafka-worker-dlq replay orders.dlq --partition 3 --offset 17..42 --to orders.parked --execute
  kafka-worker-dlq list orders.dlq --config kafka.mjs --json | jq .origin.errorClass | sort | uniq -c
`;
