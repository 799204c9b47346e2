import type { Issue } from '../../base/error.js';
import { arrayRows, formatHex } from '../../base/hex.js';
import { issueText } from '../../base/sentence.js';
import { formatTime } from '../../base/time.js';
import { hexLine } from '../../capture/hex/index.js';
import { recordLine } from '../../capture/ndjson/index.js';
import { errorWordSize, payloadToJson } from '../../capture/payload/index.js';
import type { CaptureRecord } from '../../capture/records/index.js';
import { annotate } from '../../codec/index.js';
import { formatId, type Payload, type Protocol } from '../../schema/index.js';
import { BitsType, StructType, type Values } from '../../wire/index.js';
import { fieldNotes } from './field-notes.js';
import { TreeBuilder, type TreeNode } from './field-tree.js';
import { bytesOf, FrameBytes } from './frame-bytes.js';
import type { Hazard } from './hazards.js';
import type { MessageIndex } from './message-index.js';
import { type Note, noteOf } from './note.js';

/** A problem of a message, and where it is. */
export interface DetailIssue {
  readonly text: string;
  /** Offset in the bytes of the frames. It is their size if the problem is behind the last byte. */
  readonly at: number;
  /** Line of the tree to which it belongs. */
  readonly node: number | undefined;
}

/** A finding of `lint`, and where it is: `at` and `node` as of an issue. */
export interface DetailHazard extends DetailIssue {
  readonly rule: string;
  readonly level: string;
  readonly instead: string;
  readonly source: string;
  /** Bytes of the frames, first and one behind the last, of each piece. */
  readonly runs: readonly (readonly [number, number])[];
}

/** The texts that can be copied of a message. */
export interface Copies {
  readonly hex: string;
  readonly json: string;
  readonly c: string;
}

/** Everything about one message. `bytes` are its frames one after the other. */
export interface Detail {
  readonly no: number;
  readonly title: string;
  readonly doc: string;
  readonly type: string;
  readonly note: Note;
  readonly bytes: Uint8Array;
  readonly frames: readonly {
    readonly frame: number;
    readonly time: string;
    readonly comment: string;
    readonly start: number;
    readonly end: number;
  }[];
  readonly nodes: readonly TreeNode[];
  readonly issues: readonly DetailIssue[];
  readonly hazards: readonly DetailHazard[];
}

/** Explains each byte of a message, also of a malformed one. */
export function detailOf(index: MessageIndex, at: number, hazards: readonly Hazard[] = []): Detail {
  const { protocol } = index;
  const record = index.record(at);
  const frames = new FrameBytes(index.packets(at), protocol.limits.header);
  const nodes = treeOf(protocol, record, frames, index.requestValues(at));
  return {
    no: record.no,
    title: record.message?.name ?? (record.id === undefined ? record.type : formatId(record.id)),
    doc: record.message?.doc ?? '',
    type: record.type,
    note: noteOf(index.comment(at)),
    bytes: frames.bytes,
    frames: frames.parts.map(({ time, comment = '', ...part }) => ({
      ...part,
      time: time === undefined ? '' : formatTime(time),
      comment,
    })),
    nodes,
    hazards: hazards.map((hazard) => hazardAt(hazard, record, frames, nodes)),
    issues: [
      ...incompleteIssues(record, frames),
      ...record.issues.map((issue) => located(issue, record, frames, nodes)),
    ],
  };
}

function treeOf(
  protocol: Protocol,
  record: CaptureRecord,
  frames: FrameBytes,
  request: Values | undefined,
): TreeNode[] {
  const tree = new TreeBuilder(protocol);
  for (const [index, { start, end, frame }] of frames.parts.entries()) {
    const name = index === 0 ? 'header' : `header of packet ${frame}`;
    const size = Math.min(end - start, protocol.limits.header);
    const doc = 'The bytes in front of every queue message.';
    tree.group({ name, doc }, () => header(tree, frames.bytes.subarray(start, start + size), start));
  }
  const payload = frames.content();
  const locate = (start: number, end: number) => frames.payload(start, end);
  if (record.type === 'malformed' || record.type === 'continuation' || record.incomplete) {
    if (payload.length > 0) tree.rest(payload, 0, payload.length, locate);
    return tree.nodes;
  }
  const word = record.error === undefined ? 0 : errorWordSize;
  if (record.error !== undefined) {
    const name = payloadToJson(protocol.error, record.error);
    const { doc } = protocol.error.info;
    const [value, json] = [String(name), JSON.stringify(name)];
    tree.leaf({ name: 'error', path: 'error', value, json, doc, notes: ['u32'], runs: locate(0, word) });
  }
  const content = payload.subarray(word);
  const inside = (start: number, end: number) => locate(word + start, word + end);
  const struct = record.layout && structOf(record.layout, request);
  if (struct !== undefined) tree.struct(struct, content, request, inside);
  else if (content.length > 0) tree.rest(content, 0, content.length, inside);
  return tree.nodes;
}

/** The fields of an RPC header, which may be truncated. */
function header(tree: TreeBuilder, bytes: Uint8Array, at: number): void {
  const { header: type } = tree.protocol;
  const { value: values, ranges } = annotate(type, bytes);
  for (const { field, offset = 0, size = 0 } of type.layout) {
    const value = values[field.name];
    if (value === undefined) continue;
    const named = field.type instanceof BitsType ? field.type.names : undefined;
    const known = Object.entries(named?.values ?? {}).find(([, number]) => number === value)?.[0];
    tree.leaf({
      name: field.name,
      value: known ?? (field.name === 'msg_id' ? formatId(value as number) : String(value)),
      json: String(value),
      doc: field.doc,
      notes: fieldNotes(field),
      // Fields of less than a byte get the whole byte that they are in.
      runs: [[at + offset, at + offset + Math.max(1, size)]],
    });
  }
  for (const { mark, start, end } of ranges)
    if (mark === 'rest') tree.rest(bytes, start, end, () => [[at + start, at + end]]);
}

function structOf(layout: Payload, request: Values | undefined): StructType | undefined {
  if (layout instanceof StructType) return layout;
  return layout.cases.get(request?.[layout.field] as number);
}

/** The problem of a message whose queue messages are not all there. */
function incompleteIssues(
  { type, incomplete, packets, announced }: CaptureRecord,
  { bytes }: FrameBytes,
): DetailIssue[] {
  if (type === 'continuation')
    return [{ text: 'a continuation that no message in progress takes', at: 0, node: undefined }];
  if (!incomplete) return [];
  const text = `incomplete: ${packets.length - 1} of ${announced} continuations came`;
  return [{ text, at: bytes.length, node: undefined }];
}

function hazardAt(
  { rule, level, text, instead, source, path, offset, end }: Hazard,
  record: CaptureRecord,
  frames: FrameBytes,
  nodes: readonly TreeNode[],
): DetailHazard {
  const node = path === '' ? undefined : nodes.find((one) => one.path === path);
  const word = record.error === undefined ? 0 : errorWordSize;
  const runs = frames.payload(word + offset, word + end);
  return { rule, level, text, instead, source, runs, at: runs[0]?.[0] ?? 0, node: node?.id };
}

function located(
  issue: Issue,
  record: CaptureRecord,
  frames: FrameBytes,
  nodes: readonly TreeNode[],
): DetailIssue {
  const node = issue.path === '' ? undefined : nodes.find(({ path }) => path === issue.path);
  const text = issueText(issue);
  const size = frames.bytes.length;
  // The offsets of these two count from the start of the queue message, all others from behind the error word.
  if (record.type === 'malformed' || issue.code === 'size')
    return { text, at: Math.min(issue.offset, size), node: node?.id };
  const offset = issue.offset + (record.error === undefined ? 0 : errorWordSize);
  const [run] = frames.payload(offset, offset + 1);
  return { text, at: run === undefined ? size : run[0], node: node?.id };
}

/** The texts to copy of a message or, with `node`, of one line of its tree. */
export function copiesOf(index: MessageIndex, at: number, node: number | undefined): Copies {
  const { bytes, parts } = new FrameBytes(index.packets(at), index.protocol.limits.header);
  if (node !== undefined) {
    const { runs, json = 'null' } = detailOf(index, at).nodes[node] as TreeNode;
    const own = bytesOf(bytes, runs);
    return { hex: `${formatHex(own)}\n`, json: `${json}\n`, c: `{\n${arrayRows(own, '\t').join('\n')}\n}\n` };
  }
  const record = index.record(at);
  const frames = parts.map(({ start, end }) => bytes.subarray(start, end));
  const name = `${(record.message?.name ?? 'message').toLowerCase()}_${record.type}`;
  return {
    hex: frames.map((frame) => hexLine(record.from, record.to, frame)).join(''),
    json: recordLine(index.protocol, record),
    c: [
      `/* ${record.from} -> ${record.to}, queue messages end to end, and the size of each. */`,
      `static const uint8_t ${name}[] = {`,
      ...frames.flatMap((frame) => arrayRows(frame, '\t')),
      '};',
      `static const uint16_t ${name}_sizes[] = { ${frames.map(({ length }) => length).join(', ')} };`,
      '',
    ].join('\n'),
  };
}
