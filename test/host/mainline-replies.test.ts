import { describe, expect, it } from 'vitest';
import { checkReply } from './check-reply.js';
import { mainlineTable } from './mainline-calls.js';
import { playReply } from './play.js';
import { replyLines } from './vectors.js';

const mainline = replyLines.filter(({ client }) => /^(a14|v17|a15|q515)$/.test(client));
const waiting = mainline.filter(({ call }) => call !== 'none');

describe('recorded reactions of the mainline clients and q515', () => {
  it.each(waiting.map((line) => [`${line.client} ${line.call}: ${line.name}`, line] as const))(
    '%s',
    (_title, line) => checkReply(line, playReply(line, mainlineTable)),
  );

  it('are all there', () => {
    expect([mainline.length, waiting.length]).toEqual([415, 376]);
  });
});
