import type { Delivery } from '@kafka-worker/engine';
import type { ConsumerDeserializer } from '@nestjs/microservices';
import { toKafkaMessage } from '../context/kafka-message.js';
import { topicOf } from '../handlers/topic-of.js';
import type { StandardSchema, StandardSchemaIssue } from '../interfaces/standard-schema.interface.js';
import { decode } from './decode.js';
import { PayloadError } from './payload.error.js';

/** What a reader looks at. @internal */
export type ReadableDelivery = Pick<Delivery, 'record' | 'origin'>;

/** What becomes of a record's bytes before the handler sees them. Throws `PayloadError`. @internal */
export type PayloadReader = (delivery: ReadableDelivery) => unknown;

/** @internal */
export interface PayloadReaderOptions {
  readonly keepBinary?: boolean | undefined;
  readonly deserializer?: ConsumerDeserializer | undefined;
  readonly schema?: StandardSchema | undefined;
}

/** A reader, and whether it may answer with a promise. @internal */
export function createPayloadReader(options: PayloadReaderOptions): { read: PayloadReader; isAsync: boolean } {
  const { deserializer, schema } = options;
  const plain: PayloadReader = options.keepBinary ? ({ record }) => record.value : ({ record }) => decode(record.value);
  if (!deserializer && !schema) return { read: plain, isAsync: false };
  const deserialize = deserializer ? withDeserializer(deserializer, plain) : plain;
  const read: PayloadReader = schema
    ? async (delivery) => validate(schema, await deserialize(delivery))
    : async (delivery) => deserialize(delivery);
  return { read, isAsync: true };
}

function withDeserializer(deserializer: ConsumerDeserializer, plain: PayloadReader): PayloadReader {
  return async (delivery) => {
    const { record } = delivery;
    try {
      const packet: unknown = await deserializer.deserialize(toKafkaMessage(record, plain(delivery)), {
        channel: topicOf(delivery),
      });
      return (packet as { data?: unknown } | null | undefined)?.data;
    } catch (error) {
      throw new PayloadError(`the deserializer failed: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  };
}

async function validate(schema: StandardSchema, payload: unknown): Promise<unknown> {
  const result = await schema['~standard'].validate(payload);
  if (result.issues === undefined) return result.value;
  throw new PayloadError(`the schema refused the payload: ${result.issues.slice(0, 3).map(issueText).join('; ')}`, {
    cause: result.issues,
  });
}

function issueText(issue: StandardSchemaIssue): string {
  const path = issue.path?.map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
  return path ? `${path}: ${issue.message}` : issue.message;
}
