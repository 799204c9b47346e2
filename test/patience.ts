/**
 * How long a test waits for what must come, in milliseconds. A busy machine may take many times as long as a quiet one, and
 * only a test that fails uses it up.
 */
export const patienceMs = 120_000;
