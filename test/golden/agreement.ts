import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { protocol } from '../../schemas/index.js';
import { formatHex } from '../../src/base/hex.js';
import { detectFormat, openReader } from '../../src/capture/input/index.js';
import { recordLine } from '../../src/capture/ndjson/index.js';
import type { Json } from '../../src/capture/payload/index.js';
import type { CaptureRecord } from '../../src/capture/records/index.js';
import { Assembler } from '../../src/capture/records/index.js';
import { exportLua } from '../../src/export/lua.js';
import { rmRules } from '../../src/rpc/index.js';
import { type JsonLeaf, leavesOfJson } from './leaves-of-json.js';
import { dissect, type ShownField, type ShownPacket, shownBy } from './pdml.js';

type Line = Readonly<Record<string, Json>>;

/** What a packet must be shown as. */
interface Wanted {
  /** Fields outside the payload: name → value. */
  readonly facts: Readonly<Record<string, string>>;
  readonly leaves: readonly JsonLeaf[];
  readonly prefix: string;
  readonly issues: readonly string[];
  readonly isWhole: boolean;
}

/** What `decode --json` says of each packet of a capture, by packet number. */
function wantedOf(file: Uint8Array): Map<number, Wanted> {
  const wanted = new Map<number, Wanted>();
  const records: CaptureRecord[] = [];
  const assembler = new Assembler({ protocol, rules: rmRules, record: (item) => records.push(item) });
  const reader = openReader(
    protocol,
    detectFormat(file) as 'pcapng',
    (packet) => assembler.packet(packet),
    () => {},
  );
  reader.push(file);
  reader.end();
  const known = records.length;
  assembler.end();
  const lastFrames = records.map(({ packets }) => packets.at(-1)?.frame as number);
  const replies = new Map(
    records.filter(({ request }) => request !== undefined).map(({ request, no }) => [request, no]),
  );
  records.forEach((record, index) => {
    const line = JSON.parse(recordLine(protocol, record)) as Line;
    const { packets } = record;
    const isMessage = record.type !== 'continuation' && record.type !== 'malformed';
    const last = packets.length - 1;
    packets.forEach(({ frame }, at) => {
      const whole = isMessage && !record.incomplete && at === last;
      const common = commonFacts(line, record);
      if (whole) {
        const links = {
          ...(line.request === undefined
            ? {}
            : { request_in: String(lastFrames[(line.request as number) - 1]) }),
          ...(line.duplicate_of === undefined
            ? {}
            : { duplicate_of: String(lastFrames[(line.duplicate_of as number) - 1]) }),
          ...(replies.has(record.no)
            ? { reply_in: String(lastFrames[(replies.get(record.no) as number) - 1]) }
            : {}),
          ...(line.latency_ns === undefined ? {} : { latency: seconds(line.latency_ns as number) }),
          ...(packets.length > 1 ? { fragment_index: String(at) } : {}),
          ...(line.rest === undefined ? {} : { rest: line.rest as string }),
          ...(line.error === undefined ? {} : { error: String(record.error) }),
        };
        wanted.set(frame, {
          ...common,
          facts: { ...common.facts, ...links },
          isWhole: true,
          ...payloadOf(line, record),
        });
      } else if (isMessage) {
        // Nothing tells a dissector that the capture ends.
        const lost = record.incomplete && index < known ? ['incomplete'] : [];
        const parts = {
          fragment_index: String(at),
          ...(record.incomplete ? {} : { reassembled_in: String(packets[last]?.frame) }),
        };
        wanted.set(frame, { ...common, facts: { ...common.facts, ...parts }, issues: lost, isWhole: false });
      } else {
        const issues =
          record.type === 'continuation' ? ['continuation'] : record.issues.map(({ code }) => code);
        wanted.set(frame, {
          ...common,
          facts: { ...common.facts, ...rawOf(line) },
          issues,
          isWhole: false,
        });
      }
    });
  });
  return wanted;
}

/** A queue message of no bytes has nothing to show. */
function rawOf({ raw }: Line): { raw?: string } {
  return raw === '' ? {} : { raw: raw as string };
}

function seconds(ns: number): string {
  return `${Math.floor(ns / 1e9)}.${String(ns % 1e9).padStart(9, '0')}`;
}

function commonFacts(line: Line, { message, id, seq, from, to }: CaptureRecord): Wanted {
  const header =
    id === undefined
      ? {}
      : { name: message?.name ?? (line.id as string), seq: String(seq), msg_id: String(id) };
  return {
    facts: { from: String(from), to: String(to), ...header },
    leaves: [],
    prefix: '',
    issues: [],
    isWhole: false,
  };
}

function payloadOf(line: Line, record: CaptureRecord): Pick<Wanted, 'leaves' | 'prefix' | 'issues'> {
  const codes = record.issues.map(({ code }) => code);
  const part = record.type === 'reply' && record.error !== 0 ? 'error_reply' : record.type;
  const prefix = `gunyah_rm.${record.message?.name.toLowerCase()}.${part}.`;
  const issues = [
    ...codes,
    ...(record.error !== undefined && record.error !== 0 ? ['error'] : []),
    ...(line.duplicate_of === undefined ? [] : ['duplicate']),
    // Bytes without a layout, and without an issue that says why.
    ...(line.rest !== undefined && codes.every((code) => code === 'size') ? ['unknown'] : []),
  ];
  const layout = record.layout;
  const whole = !codes.includes('truncated');
  const leaves =
    layout === undefined || line.payload === undefined ? [] : leavesOfJson(layout, line.payload, whole);
  return { leaves, prefix, issues };
}

/** A shown field in the notation of {@link JsonLeaf}; one that nothing is known of as its bytes. */
function shownText(
  { show, showname, value }: ShownField,
  flags: readonly string[],
  kind?: JsonLeaf['kind'],
): string {
  if (kind === undefined || kind === 'bytes' || !/^(-?\d+|0x[0-9a-f]+)$/.test(show)) return value;
  const number = String(BigInt(show));
  if (kind === 'integer') return number;
  if (kind === 'flags') return `${number}:${flags.join()}`;
  const name = /^[^:]+: (.+) \((?:0x)?[0-9a-f]+\)$/.exec(showname)?.[1] ?? '';
  return `${number}:${name === 'Unknown' ? '' : name}`;
}

const outer = new Set([
  'from',
  'to',
  'name',
  'seq',
  'msg_id',
  'error',
  'rest',
  'raw',
  'fragment_index',
  'reassembled_in',
  'request_in',
  'reply_in',
  'duplicate_of',
  'latency',
]);

/** One line for each thing in which a shown packet differs from what it must be. */
function differences(shown: ShownPacket, wanted: Wanted): string[] {
  const facts: Record<string, string> = {};
  const leaves: { path: string; field: ShownField; flags: string[] }[] = [];
  for (const field of shown.fields) {
    const name = field.name.slice('gunyah_rm.'.length);
    if (outer.has(name)) {
      const isBytes = name === 'rest' || name === 'raw';
      facts[name] = isBytes ? field.value : name === 'msg_id' ? String(Number(field.show)) : field.show;
    } else if (wanted.prefix !== '' && field.name.startsWith(wanted.prefix)) {
      const path = field.name.slice(wanted.prefix.length).replace(/\.raw$/, '');
      const owner = leaves.at(-1);
      if (owner !== undefined && /^(.*)\.[A-Z0-9_]+$/.exec(path)?.[1] === owner.path) {
        if (field.show === '1' || field.show === 'True') owner.flags.push(path.slice(owner.path.length + 1));
      } else if (!/^exit_reason\./.test(path)) leaves.push({ path, field, flags: [] });
    } else if (name.split('.').length > 2) leaves.push({ path: field.name, field, flags: [] });
  }
  const issues = [...new Set(shown.issues)].sort().join();
  const wantedIssues = [...new Set(wanted.issues)].sort().join();
  const truncated = wanted.issues.includes('truncated');
  const seen = leaves.filter(
    ({ path, field }) =>
      !(/(^|[._])reserved1?$/.test(path) && Number(field.show) === 0) &&
      !(truncated && /(_count|^n_\w+|^num_auth_params|^range_count)$/.test(path)),
  );
  const found: string[] = [];
  if (issues !== wantedIssues) found.push(`issues ${issues || 'none'}, not ${wantedIssues || 'none'}`);
  for (const name of outer) {
    if (facts[name] !== wanted.facts[name]) found.push(`${name} ${facts[name]}, not ${wanted.facts[name]}`);
  }
  const texts = seen.map(
    ({ path, field, flags }, index) => `${path}=${shownText(field, flags, wanted.leaves[index]?.kind)}`,
  );
  const expected = wanted.leaves.map(({ path, text }) => `${path}=${text}`);
  for (let index = 0; index < Math.max(texts.length, expected.length); index++) {
    if (texts[index] !== expected[index]) {
      found.push(`${texts[index]}, not ${expected[index]}`);
      break;
    }
  }
  return [...shown.luaErrors, ...found].map((text) => `packet ${shown.frame}: ${text}`);
}

/** Packets as seconds since the first one, and hex behind the two VMIDs. */
function packetLines(file: Uint8Array): string {
  const lines: string[] = [];
  let first: bigint | undefined;
  const reader = openReader(
    protocol,
    detectFormat(file) as 'pcapng',
    ({ time = 0n, from = 0, to = 0, data, start, end }) => {
      first ??= time;
      const vmids = [from, to].map((vmid) => formatHex(Uint8Array.of(vmid & 0xff, vmid >>> 8))).join('');
      lines.push(`${Number(time - first) / 1e9} ${vmids}${formatHex(data, start, end)}`);
    },
    () => {},
  );
  reader.push(file);
  reader.end();
  return `${lines.join('\n')}\n`;
}

/** What a run over a capture came to. */
export interface Agreement {
  readonly packets: number;
  readonly fields: number;
  readonly malformed: number;
  readonly differences: readonly string[];
}

/**
 * Compares the dissector with `decode --json` on a capture: every field of every message, links, issues. In tshark, or in
 * a Lua interpreter with the part of Wireshark that it uses.
 */
export async function agreementOn(file: Uint8Array, lua?: string): Promise<Agreement> {
  const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-lua-'));
  const wanted = wantedOf(file);
  const found: string[] = [];
  let [packets, fields, malformed] = [0, 0, 0];
  try {
    writeFileSync(join(folder, 'gunyah_rm.lua'), exportLua(protocol));
    writeFileSync(join(folder, 'capture'), file);
    const packet = (shown: ShownPacket) => {
      packets++;
      const expected = wanted.get(shown.frame);
      if (expected === undefined) found.push(`packet ${shown.frame}: not in decode --json`);
      else {
        fields += expected.leaves.length;
        if (expected.issues.some((code) => /^(truncated|short|api|fragments)$/.test(code))) malformed++;
        found.push(...differences(shown, expected));
      }
    };
    const script = join(folder, 'gunyah_rm.lua');
    const stub = join(import.meta.dirname, 'wireshark.lua');
    if (lua === undefined) await dissect(script, join(folder, 'capture'), packet);
    else await shownBy(lua, [stub, script], packetLines(file), packet);
  } finally {
    rmSync(folder, { recursive: true });
  }
  if (packets !== wanted.size) found.push(`${packets} packets, not ${wanted.size}`);
  return { packets, fields, malformed, differences: found };
}
