import fc from 'fast-check';

/**
 * Random tests are the same at every run, each with a seed of its own. These variables choose other values:
 * `GUNYAH_RM_SEED` for all tests, and `GUNYAH_RM_PATH` for the one counterexample whose path fast-check printed.
 */
const { GUNYAH_RM_SEED, GUNYAH_RM_PATH } = process.env;

/** The seed of a random test: its own, unless the environment says another. */
export function seedOf(own: number): number {
  return GUNYAH_RM_SEED === undefined ? own : Number(GUNYAH_RM_SEED);
}

/** Checks a property on `numRuns` generated inputs. A failure says seed and path. */
export function holds<T>(property: fc.IProperty<T>, numRuns = 100, ownSeed = 20_240_229): void {
  const path = GUNYAH_RM_PATH === undefined ? {} : { path: GUNYAH_RM_PATH };
  fc.assert(property, { seed: seedOf(ownSeed), numRuns, ...path });
}

/** Runs a test that draws its own random numbers. A failure says the seed. */
export function withSeed<T>(ownSeed: number, test: (seed: number) => T): T {
  const seed = seedOf(ownSeed);
  const fail = (error: unknown): never => {
    if (error instanceof Error) error.message = `seed ${seed} (GUNYAH_RM_SEED): ${error.message}`;
    throw error;
  };
  try {
    const result = test(seed);
    return result instanceof Promise ? (result.catch(fail) as T) : result;
  } catch (error) {
    return fail(error);
  }
}
