import {
  cell,
  cellAt,
  cellCount,
  type DtNode,
  hasProperty,
  nodeAt,
  pathOf,
  property,
  string,
} from '../../devicetree/index.js';
import { refuse } from './reader.js';
import type { VcpusConfig } from './types.js';

/** The cpus below one node. */
interface Cpus {
  readonly count: number;
  readonly paths: readonly string[];
  /** How many of them boot: at least one. */
  readonly booting: number;
  /** How many cpus have idle states. */
  readonly idleStates: number;
  /** A cpu that does not boot is started by PSCI. */
  readonly psci: boolean;
}

/** Any number of `vcpus` nodes may point at the same cpus. */
const cpusByNode = new WeakMap<DtNode, Cpus>();

/** RM keeps the low 16 bits of a core's number. */
const LABEL_MASK = 0xffff;
/** Paths of cpu nodes are kept in a buffer of 128 bytes. */
const CPU_PATH_MAX = 127;

/**
 * Reads the `vcpus` node and the cpus that it points at.
 *
 * @param psciSeen a PSCI node came before it in the tree.
 * @throws ConfigRefused for what rm-internals.md, section 1, lists under cpu nodes and affinity.
 */
export function parseVcpus(root: DtNode, node: DtNode, psciSeen: boolean): VcpusConfig {
  const proxy = string(node, 'affinity') === 'proxy';
  const map = property(node, 'affinity-map');
  if (!proxy && map === undefined) refuse(node, 'no affinity-map');
  const affinityMap =
    proxy || map === undefined
      ? []
      : Array.from({ length: cellCount(map) }, (_, index) => cellAt(map, index) & LABEL_MASK);
  const config = nodeAt(root, string(node, 'config') ?? '/cpus') ?? refuse(node, 'config leads nowhere');
  const { count, paths, booting, idleStates, psci: needed } = cpusOf(config);
  if (!proxy && affinityMap.length !== count) refuse(node, 'affinity-map has another size');
  const psci = psciSeen || needed || idleStates > 0;
  if (psci && !proxy && idleStates !== count) refuse(config, 'a cpu without idle states');
  return {
    proxy,
    affinityMap,
    priority: proxy ? 0 : (cell(node, 'sched-priority') ?? 0) | 0,
    timesliceUs: proxy ? 0 : (cell(node, 'sched-timeslice') ?? 0),
    count,
    booting,
    psci,
    paths,
  };
}

/** @throws ConfigRefused for a cpu that RM does not take, and when none boots. */
function cpusOf(config: DtNode): Cpus {
  const known = cpusByNode.get(config);
  if (known !== undefined) return known;
  const defaultMethod = string(config, 'enable-method');
  const paths: string[] = [];
  let booting = 0;
  let idleStates = 0;
  let psci = false;
  for (const cpu of config.children) {
    if (string(cpu, 'device_type') !== 'cpu') continue;
    const status = string(cpu, 'status');
    if (status === 'fail' || status?.startsWith('fail-') === true) continue;
    const boot = status === undefined ? booting === 0 : status === 'okay';
    if (status !== undefined && status !== 'okay' && status !== 'disabled') refuse(cpu, 'unknown status');
    if (hasProperty(cpu, 'cpu-idle-states')) idleStates++;
    const method = string(cpu, 'enable-method') ?? defaultMethod;
    if (boot) booting++;
    else if (method === 'psci') psci = true;
    else if (method !== 'qcom,gunyah-hvc') refuse(cpu, 'no usable enable-method');
    const path = pathOf(cpu);
    if (path.length > CPU_PATH_MAX) refuse(cpu, 'path too long');
    paths.push(path);
  }
  const count = paths.length;
  if (booting === 0) refuse(config, 'no booting cpu');
  const found = { count, paths, booting, idleStates, psci };
  cpusByNode.set(config, found);
  return found;
}
