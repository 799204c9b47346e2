import functions from 'virtual:built-functions';
import { protocol } from '../../schemas/index.js';
import { provideBuilt } from '../codec/emitter.js';
import type { FromWorker, ToWorker } from './data/api.js';
import { Session } from './data/session.js';

// Must come before anything is decoded: the page's Content-Security-Policy forbids to generate functions.
provideBuilt(functions);

const channel = new MessageChannel();
const waiting: (() => void)[] = [];
channel.port1.onmessage = () => waiting.shift()?.();

function post(message: FromWorker): void {
  self.postMessage(message);
}

const session = new Session(protocol, {
  emit: (event) => post({ event }),
  // A message to itself queues behind the messages that wait already. A timer would wait for milliseconds.
  pause: () =>
    new Promise((done) => {
      waiting.push(done);
      channel.port2.postMessage(undefined);
    }),
});

self.addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  if ('open' in data) {
    void session.open(data.open);
    return;
  }
  const { call: answer, method, args } = data;
  const failed = (error: unknown) => post({ answer, error: String(error) });
  try {
    const value = (session[method] as (...args: readonly unknown[]) => unknown)(...args);
    if (value instanceof Promise) value.then((later) => post({ answer, value: later }), failed);
    else post({ answer, value });
  } catch (error) {
    failed(error);
  }
});
