/** Where a fact comes from: label → public source (messages.md, "Sources"). */
export const labels = {
  RM23: 'quic/gunyah-resource-manager, December 2023 (bf31a9a)',
  v9: 'Linux mainline patch series, about v9/v10',
  v11: 'Linux mainline patch series, about v11..v13',
  a14: 'android14-6.1 common kernel (v11 era with additions)',
  v17: 'Linux mainline patch series, v17 era',
  a15: 'android15-6.6 common kernel (v17 RPC, pinned user pages)',
  q515: 'Qualcomm downstream 5.15 client',
  q61: 'Qualcomm downstream 6.1 client',
  q66: 'Qualcomm downstream 6.6 client',
  q612: 'Qualcomm downstream 6.12-era client',
} as const;

export type Source = keyof typeof labels;

/** The patch series and the kernels made from it. */
export const linux: readonly Source[] = ['v9', 'v11', 'a14', 'v17', 'a15'];
/** Qualcomm's own clients. */
export const qualcomm: readonly Source[] = ['q515', 'q61', 'q66', 'q612'];
/** Messages that RM and Qualcomm's clients define, the patch series not. */
export const rmAndQualcomm: readonly Source[] = ['RM23', ...qualcomm];
export const everyone: readonly Source[] = ['RM23', ...linux, ...qualcomm];
