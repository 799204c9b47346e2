/** Exit codes of the command line (cli.md). `defect`: an error of this program itself. `interrupted`: 128 and SIGINT. */
export const exitCodes = { ok: 0, problems: 1, usage: 2, file: 3, defect: 4, interrupted: 130 } as const;
