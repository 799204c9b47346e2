import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { budget } from '../../part.js';
import { holds } from '../../seeded.js';
import { liveTrace, readTrace } from './read.js';
import { bpftraceText, jsonForms, ownScripts, printedAs } from './varied-bpftrace.js';
import { type LogForm, logForm, logText } from './varied-logs.js';
import { lineEnds, lineOf, plainTrace, traceForm, traceText } from './varied-traces.js';
import {
  framesOf,
  header,
  le,
  OTHER,
  othersOf,
  RM,
  type Sent,
  terminal,
  traffic,
  VM_ALLOC_VMID,
} from './varied-traffic.js';

describe('traces in varied forms', () => {
  it('of ftrace, trace-cmd and perf hold the messages of RM and no others', () => {
    holds(
      fc.property(traffic, traceForm, (sent, form) => {
        const read = readTrace(traceText(sent, form));
        expect(read.frames).toEqual(framesOf(sent));
        expect(read.other).toEqual(othersOf(sent));
      }),
      budget(600),
    );
  });

  it('of kernel logs', () => {
    holds(
      fc.property(traffic, logForm, (sent, form) => {
        const read = readTrace(logText(sent, form));
        expect(read.frames).toEqual(framesOf(sent));
      }),
      budget(600),
    );
  });

  it('of bpftrace', () => {
    holds(
      fc.property(
        traffic,
        fc.constantFrom('r' as const, 'rx' as const, 'rh' as const, 'json' as const),
        terminal,
        fc.constantFrom('', ' ', '   ', '\r'),
        (sent, form, before, behind) => {
          const read = readTrace(bpftraceText(sent, form, before, behind));
          expect(read.frames).toEqual(framesOf(sent));
          expect(read.other).toEqual(othersOf(sent));
        },
      ),
      budget(600),
    );
  });

  it('of scripts that users write for bpftrace', () => {
    holds(
      fc.property(
        traffic,
        fc.constantFrom(...(Object.keys(ownScripts) as (keyof typeof ownScripts)[])),
        fc.constantFrom('r' as const, 'rx' as const, 'rh' as const),
        fc.constantFrom('', '', ...Object.keys(jsonForms)),
        (sent, script, form, json) => {
          const lines = sent.map(({ direction, isRm, hex }, index) => {
            const head = ownScripts[script](
              41_661_819_573 + index * 1000,
              direction,
              (isRm ? RM : OTHER)[direction],
              hex.length / 2,
            );
            return head + printedAs(hex, form);
          });
          const objects = [
            { type: 'attached_probes', data: { probes: 3 } },
            ...lines.map((line) => ({ type: 'printf', data: `${line}\n` })),
          ];
          const text =
            json === ''
              ? lines.join('\n')
              : (jsonForms[json] as (objects: readonly object[]) => string)(objects);
          const read = readTrace(`${text}\n`);
          expect(read.frames).toEqual(framesOf(sent));
          expect(read.other).toEqual(othersOf(sent));
        },
      ),
      budget(600),
    );
  });

  it('that follow each other in one text', () => {
    holds(
      fc.property(traffic, traceForm, traceForm, logForm, (sent, first, second, log) => {
        const twice = [...framesOf(sent), ...framesOf(sent)];
        expect(readTrace(traceText(sent, first) + traceText(sent, second)).frames).toEqual(twice);
        expect(readTrace(logText(sent, log) + logText(sent, log)).frames).toEqual(twice);
        const printed = bpftraceText(sent, 'r');
        expect(readTrace(printed + printed).frames).toEqual(twice);
      }),
      budget(300),
    );
  });

  it('of one processor, which has one direction', () => {
    holds(
      fc.property(
        traffic,
        traceForm,
        fc.constantFrom('tx' as const, 'rx' as const),
        (sent, form, direction) => {
          const half = sent.filter((message) => message.direction === direction);
          expect(readTrace(traceText(half, form)).frames).toEqual(framesOf(half));
        },
      ),
      budget(300),
    );
  });

  it('have the time that the kernel printed, whatever stands before it', () => {
    holds(
      fc.property(
        traffic,
        logForm,
        fc.constantFrom('dmesg', 'caller', 'delta', 'raw', 'decoded', 'monotonic', 'syslogAndPrintk'),
        (sent, form, stamp) => {
          const plain = readTrace(logText(sent, { ...form, stamp, terminal: '', colour: 'none' }));
          expect(plain.times.every((time) => time !== undefined)).toBe(true);
          expect(readTrace(logText(sent, { ...form, stamp })).times).toEqual(plain.times);
        },
      ),
      budget(300),
    );
  });

  it('with messages whose last word the kernel could not read', () => {
    holds(
      fc.property(
        traffic,
        fc.constantFrom('x64' as const, 'x32' as const),
        fc.constantFrom('repeated' as const, 'record' as const),
        fc.nat(),
        (sent, data, stale, choice) => {
          const width = data === 'x64' ? 8 : 4;
          // The record of an earlier event lies there, of a queue that the trace has named.
          const able = sent.filter(
            ({ direction, hex }, at) =>
              at > 1 && direction === 'tx' && (hex.length / 2) % width !== 0 && hex.length < 400,
          );
          fc.pre(able.length > 0);
          const faulted = able[choice % able.length] as Sent;
          const whole = Math.floor(faulted.hex.length / 2 / width);
          const words = Array.from({ length: 240 / width }, () => '0x1');
          if (stale === 'record') words.splice(whole, 4, '0x59d640d8', RM.rx, '0x10', '0x5610000800000321');
          const lines = traceText(sent, { ...plainTrace, data }).split('\n');
          const index = 2 + lines.slice(2).findIndex((_, at) => lineOf(lines, at) === sent.indexOf(faulted));
          lines[index] = (lines[index] as string).replace(
            /data=\{(.*)\}/,
            (_, all: string) =>
              `data={${[...all.split(',').slice(0, whole), ...words.slice(whole)].join(',')}}`,
          );
          const read = readTrace(lines.join('\n'));
          const left = sent.filter((message) => message !== faulted);
          expect(read.frames).toEqual(framesOf(left));
          expect(read.warnings.includes('fault')).toBe(true);
        },
      ),
      budget(300),
    );
  });

  it('of a clock that is coarser than the traffic', () => {
    holds(
      fc.property(traffic, fc.integer({ min: 2, max: 9 }), fc.boolean(), (sent, ofTick, sendsFirst) => {
        const lines = sent.map((message, index) => {
          const cpu = (message.direction === 'tx') === sendsFirst ? 0 : 1;
          const tick = 1414 + Math.floor(index / ofTick);
          const comm = message.direction === 'tx' ? 'qcrosvm-189' : 'irq/27-gunyah_r-168';
          const text = traceText([message], { ...plainTrace, columns: 'noContext' }).split('\n')[2] ?? '';
          return { cpu, tick, text: `${comm.padStart(20)}     [00${cpu}] .....         ${tick}: ${text}` };
        });
        // The kernel merges by time, and by processor where times are equal.
        lines.sort((left, right) => left.tick - right.tick || left.cpu - right.cpu);
        const text = `# tracer: nop\n#\n${lines.map((one) => one.text).join('\n')}\n`;
        expect(readTrace(text).frames).toEqual(framesOf(sent));
      }),
      budget(300),
    );
  });

  it('cut anywhere hold what stands before the cut', () => {
    holds(
      fc.property(traffic, traceForm, fc.double({ min: 0, max: 1, noNaN: true }), (sent, form, share) => {
        const text = traceText(sent, form);
        const lines = text.split('\n');
        // Behind the first answer: before it nothing tells whose queue is RM's.
        const start =
          lines
            .slice(0, lines.findIndex((line) => / (?:ret|retval|status|r|Err)=0 /.test(line)) + 1)
            .join('\n').length + 1;
        const cut = start + Math.floor(share * (text.length - start));
        const { frames } = readTrace(text.slice(0, cut));
        const all = framesOf(sent);
        expect(frames).toEqual(all.slice(0, frames.length));
        const whole = sent.filter((_, index) => (lineEnds(text, sent)[index] as number) <= cut);
        expect(frames.length).toBeGreaterThanOrEqual(framesOf(whole).length);
      }),
      budget(200),
    );
  });

  it('show each message before the next comes, when nothing comes for a while', () => {
    holds(
      fc.property(
        traffic,
        traceForm,
        logForm,
        fc.constantFrom('r' as const, 'rh' as const),
        (sent, form, log, print) => {
          const own = sent.filter(({ isRm }) => isRm);
          for (const textOf of [
            (some: readonly Sent[]) => traceText(some, form),
            (some: readonly Sent[]) => logText(some, log),
            (some: readonly Sent[]) => `${bpftraceText(some, print).trimEnd()}\n`,
          ]) {
            const live = liveTrace();
            let before = '';
            own.forEach((_, index) => {
              const text = textOf(own.slice(0, index + 1));
              live.push(text.slice(before.length));
              live.settle();
              before = text;
              expect(live.frames).toEqual(framesOf(own.slice(0, index + 1)));
            });
          }
        },
      ),
      budget(100),
    );
  });

  it('with a megabyte of a foreign log in front, between and behind', () => {
    const foreign = Array.from(
      { length: 12_000 },
      (_, index) =>
        `[ 1${index}.000000] usb 1-1: new device 21 01 00 of (x) at 0x${index.toString(16)}: size=12 ok\n`,
    ).join('');
    const sent: Sent[] = [0, 1, 2].flatMap((seq) => [
      { direction: 'tx' as const, isRm: true, hex: header(1, seq, VM_ALLOC_VMID) + le(0, 4) },
      { direction: 'rx' as const, isRm: true, hex: header(2, seq, VM_ALLOC_VMID) + le(0, 4) + le(0x80, 4) },
    ]);
    const form: LogForm = { stamp: 'dmesg', receive: 'gh_msgq_recv', noise: 0, ends: '\n', json: 'none' };
    for (const text of [logText(sent, form), traceText(sent, plainTrace)])
      expect(readTrace(foreign + text + foreign).frames).toEqual(framesOf(sent));
  });
});
