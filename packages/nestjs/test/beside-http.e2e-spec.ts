import { Controller, Get, NotFoundException, Catch, type ExceptionFilter, type INestApplication } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import { afterEach, expect, it } from '@jest/globals';
import { KafkaWorker, KafkaWorkerServer } from '@kafka-worker/nestjs';
import { appModule, clusterWith } from './support/app.js';
import { next, runtimeOf } from './support/events.js';

let app: INestApplication | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

class Teapot extends Error {}
@Catch(Teapot)
class TeapotFilter implements ExceptionFilter {
  catch(
    _error: Teapot,
    host: { switchToHttp(): { getResponse(): { status(code: number): { send(body: string): void } } } },
  ) {
    host.switchToHttp().getResponse().status(418).send('short and stout');
  }
}

@Controller()
class Both {
  @Get('missing')
  missing(): never {
    throw new NotFoundException();
  }
  @Get('broken')
  broken(): never {
    throw new Error('x');
  }
  @Get('tea')
  tea(): never {
    throw new Teapot();
  }
  @KafkaWorker({ topic: 'orders' })
  on(): void {}
}

it('the routes of a controller with workers answer errors as they did', async () => {
  const cluster = clusterWith('orders');
  const providers = [{ provide: APP_FILTER, useClass: TeapotFilter }];
  app = await NestFactory.create(appModule({ cluster, controllers: [Both], providers }), {
    logger: false,
    abortOnError: false,
  });
  app.connectMicroservice({ strategy: app.get(KafkaWorkerServer) });
  await app.startAllMicroservices();
  await app.listen(0);
  const url = await app.getUrl();
  const codes = await Promise.all(
    ['missing', 'broken', 'tea'].map(async (path) => (await fetch(`${url}/${path}`)).status),
  );
  expect(codes).toEqual([404, 500, 418]);
  const settled = next(runtimeOf(app), 'record.settled');
  cluster.produce({ topic: 'orders', value: 'x' });
  expect((await settled).disposition).toBe('done');
});
