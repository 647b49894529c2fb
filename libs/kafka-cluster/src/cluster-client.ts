import kafkajs, { type Admin, type Kafka } from 'kafkajs';

/** Asks the cluster something with an admin client made for this one question. */
export async function withAdmin<T>(addresses: readonly string[], ask: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = client(addresses).admin();
  try {
    await admin.connect();
    return await ask(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Ids of the brokers that this one broker knows to be alive. Throws while it does not answer. */
export async function livingBrokers(address: string): Promise<number[]> {
  return withAdmin([address], async (admin) => (await admin.describeCluster()).brokers.map(({ nodeId }) => nodeId));
}

// Callers poll or report; retries and log lines in here would only blur that.
function client(addresses: readonly string[]): Kafka {
  return new kafkajs.Kafka({
    clientId: 'kafka-cluster',
    brokers: [...addresses],
    connectionTimeout: 1000,
    requestTimeout: 10_000,
    retry: { retries: 3, initialRetryTime: 50, maxRetryTime: 500 },
    logLevel: kafkajs.logLevel.NOTHING,
  });
}
