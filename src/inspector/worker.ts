import functions from 'virtual:built-functions';
import { protocol } from '../../schemas/index.js';
import { provideBuilt } from '../codec/emitter.js';
import type { FromWorker, ToWorker } from './data/api.js';
import { Session } from './data/session.js';

// Before anything is decoded: the page's policy forbids to generate functions here.
provideBuilt(functions);

const channel = new MessageChannel();
const waiting: (() => void)[] = [];
channel.port1.onmessage = () => waiting.shift()?.();

function post(message: FromWorker): void {
  self.postMessage(message);
}

const session = new Session(protocol, {
  emit: (event) => post({ event }),
  // A message to oneself queues behind those that have come from the page; a timer would wait for milliseconds.
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
  try {
    const value = (session[method] as (...args: readonly unknown[]) => unknown)(...args);
    post({ answer, value });
  } catch (error) {
    post({ answer, error: String(error) });
  }
});
