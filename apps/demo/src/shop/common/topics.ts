/** Set on a real broker, where others may have an `orders` topic, too. Read at import, since decorators need it then. */
const prefix = process.env['DEMO_TOPIC_PREFIX'] ?? '';

/** The shop's topics, in the order an order passes them. */
export const TOPICS = {
  orders: `${prefix}orders`,
  payments: `${prefix}payments`,
  notifications: `${prefix}notifications`,
} as const;

export const PARTITIONS: Readonly<Record<keyof typeof TOPICS, number>> = { orders: 6, payments: 4, notifications: 3 };
