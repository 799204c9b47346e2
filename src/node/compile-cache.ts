import * as module from 'node:module';

/**
 * Lets Node keep the compiled code of modules that are loaded from now on, in its own folder for temporary files. Node has
 * it from 22.1 on; before, nothing happens. The variable NODE_DISABLE_COMPILE_CACHE turns it off.
 */
export function keepCompiledCode(): void {
  const { enableCompileCache } = module as { enableCompileCache?: () => unknown };
  enableCompileCache?.();
}
