import { describe, expect, it } from '@jest/globals';
import { Controller, Injectable } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { fixed, InjectKafkaProducer, KafkaWorker, KafkaWorkerContext, KafkaWorkerProducer } from '@kafka-worker/nestjs';
import { tested } from '../support/tester.js';

@Injectable()
class Mails {
  constructor(@InjectKafkaProducer() private readonly producer: KafkaWorkerProducer) {}

  async send(to: string): Promise<void> {
    await this.producer.send({ topic: 'mails', key: to, value: { to }, headers: { kind: 'welcome' } });
  }
}

@Controller()
class Workers {
  constructor(private readonly mails: Mails) {}

  @KafkaWorker({ topic: 'signups', concurrency: 'unordered', retry: { attempts: 2, backoff: fixed(1000) } })
  async onSignup(@Payload() { name }: { name: string }, @Ctx() context: KafkaWorkerContext): Promise<void> {
    await this.mails.send(name);
    if (name === 'flaky' && context.getAttempt() === 1) throw new Error('once more');
  }

  @KafkaWorker({ topic: 'mails' })
  async onMail(@Payload() { to }: { to: string }, @Ctx() context: KafkaWorkerContext): Promise<void> {
    await context.getProducer().send([
      { topic: 'sent', value: `to ${to}` },
      { topic: 'sent', value: null, key: 'tombstone' },
    ]);
  }

  @MessagePattern('sums')
  @KafkaWorker()
  sum(@Payload() numbers: number[]): number {
    return numbers.reduce((sum, n) => sum + n, 0);
  }
}

const module = { controllers: [Workers], providers: [Mails] };

describe('what is produced', () => {
  it('is captured, decoded and raw', async () => {
    const { kafka } = await tested(module, { now: 1_700_000_000_000 });
    const { produced } = await kafka.deliver('signups', { name: 'ann' });
    expect(produced).toEqual([
      {
        topic: 'mails',
        partition: 0,
        offset: 0,
        key: 'ann',
        payload: { to: 'ann' },
        headers: { kind: 'welcome' },
        timestamp: 1_700_000_000_000,
        raw: expect.objectContaining({ key: Buffer.from('ann'), value: Buffer.from('{"to":"ann"}') }),
        connection: 'default',
      },
    ]);
    expect(kafka.produced('mails')).toEqual(produced);
    expect(kafka.produced('other')).toEqual([]);
  });

  it('belongs to the record whose handlers have sent it, attempts that failed included', async () => {
    const { kafka } = await tested(module);
    const [ann, flaky] = await kafka.deliverAll('signups', [{ name: 'ann' }, { name: 'flaky' }]);
    expect(ann?.produced.map(({ key }) => key)).toEqual(['ann']);
    expect(flaky?.produced.map(({ key }) => key)).toEqual(['flaky', 'flaky']);
  });

  it('is settled by the worker it was for', async () => {
    const { kafka } = await tested(module);
    const { produced } = await kafka.deliver('signups', { name: 'ann' });
    const [mail] = produced;
    if (!mail) throw new Error('no mail');
    const result = await kafka.settled(mail);
    expect(result.produced.map(({ payload, key }) => [payload, key])).toEqual([
      ['to ann', null],
      [null, 'tombstone'],
    ]);
    expect(kafka.produced().map(({ topic }) => topic)).toEqual(['mails', 'sent', 'sent']);
  });

  it('outside of handlers is there as well', async () => {
    const { moduleRef, kafka } = await tested(module);
    await moduleRef.get(Mails).send('ben');
    expect(kafka.produced('mails')).toMatchObject([{ payload: { to: 'ben' } }]);
  });

  it('is not what the cluster has refused', async () => {
    const { kafka } = await tested(module);
    kafka.cluster.faults.produce({ topic: 'mails' });
    const result = await kafka.deliver('signups', { name: 'ann' });
    expect(result).toMatchObject({ disposition: 'done', attempts: 2, error: { code: 'SEND_FAILED' } });
    expect(result.produced).toHaveLength(1);
  });

  it('holds replies', async () => {
    const { kafka } = await tested(module);
    const headers = { kafka_correlationId: 'c-1', kafka_replyTopic: 'sums.reply' };
    const { produced } = await kafka.deliver('sums', { value: [1, 2, 3], headers });
    expect(produced).toMatchObject([{ topic: 'sums.reply', payload: '6', headers: { kafka_correlationId: 'c-1' } }]);
  });
});
