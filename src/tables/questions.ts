/** A question that is ready to be asked. */
export interface Question {
  readonly name: string;
  readonly doc: string;
  readonly sql: string;
}

/** The questions of `query --list`. */
export const questions: readonly Question[] = [
  {
    name: 'slowest',
    doc: 'the twenty calls that took longest',
    sql: `SELECT request, reply, name, "from", latency_ns / 1e6 AS ms, error
FROM calls WHERE latency_ns IS NOT NULL ORDER BY latency_ns DESC, request LIMIT 20`,
  },
  {
    name: 'latencies',
    doc: 'calls of each message, with median, 99th percentile and maximum in milliseconds',
    sql: `SELECT name, count(*) AS calls, quantile_cont(latency_ns, 0.5) / 1e6 AS median_ms,
  quantile_cont(latency_ns, 0.99) / 1e6 AS p99_ms, max(latency_ns) / 1e6 AS max_ms
FROM calls WHERE latency_ns IS NOT NULL GROUP BY name ORDER BY calls DESC, name`,
  },
  {
    name: 'errors',
    doc: 'error replies by message and error',
    sql: `SELECT name, error, count(*) AS replies
FROM calls WHERE error <> 'OK' GROUP BY name, error ORDER BY replies DESC, name, error`,
  },
  {
    name: 'errors-per-hour',
    doc: 'calls and the share of error replies in each hour',
    sql: `SELECT date_trunc('hour', time) AS hour, count(*) AS calls, round(avg((error <> 'OK')::INT), 4) AS error_rate
FROM calls WHERE error IS NOT NULL GROUP BY hour ORDER BY hour`,
  },
  {
    name: 'unanswered',
    doc: 'requests without a reply',
    sql: 'SELECT request, time, "from", seq, name FROM calls WHERE reply IS NULL ORDER BY request',
  },
  {
    name: 'states',
    doc: 'the states of each VM, in order of time',
    sql: `SELECT no, time, "to", vmid, vm_status, os_status
FROM VM_STATUS WHERE type = 'notification' ORDER BY capture, no`,
  },
  {
    name: 'not-reclaimed',
    doc: 'parcels that were lent or shared, and never reclaimed',
    sql: `WITH handed AS (
  SELECT r.capture, r.no, r.time, r."from", p.mem_handle, 'MEM_LEND' AS how
  FROM MEM_LEND p JOIN MEM_LEND r ON p.capture = r.capture AND p.request = r.no WHERE p.mem_handle IS NOT NULL
  UNION ALL
  SELECT r.capture, r.no, r.time, r."from", p.mem_handle, 'MEM_SHARE'
  FROM MEM_SHARE p JOIN MEM_SHARE r ON p.capture = r.capture AND p.request = r.no WHERE p.mem_handle IS NOT NULL
), reclaimed AS (
  SELECT r.capture, r.mem_handle, p.no
  FROM MEM_RECLAIM p JOIN MEM_RECLAIM r ON p.capture = r.capture AND p.request = r.no WHERE p.error = 'OK'
)
SELECT h.no, h.time, h."from", h.how, h.mem_handle FROM handed h
WHERE NOT EXISTS (
  SELECT 1 FROM reclaimed r WHERE r.capture = h.capture AND r.mem_handle = h.mem_handle AND r.no > h.no
) ORDER BY h.capture, h.no`,
  },
  {
    name: 'failed-boots',
    doc: 'the first error of each VM on the way from VM_CONFIG_IMAGE to VM_START',
    sql: `SELECT min(c.reply) AS no, q.vmid, arg_min(q.step, c.reply) AS step, arg_min(c.error, c.reply) AS error
FROM calls c JOIN (
  SELECT capture, no, vmid, 'VM_CONFIG_IMAGE' AS step FROM VM_CONFIG_IMAGE WHERE type = 'request'
  UNION ALL SELECT capture, no, vmid, 'VM_INIT' FROM VM_INIT WHERE type = 'request'
  UNION ALL SELECT capture, no, vmid, 'VM_START' FROM VM_START WHERE type = 'request'
) q ON q.capture = c.capture AND q.no = c.request
WHERE c.error <> 'OK' GROUP BY q.capture, q.vmid ORDER BY no`,
  },
];
