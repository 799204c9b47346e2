import { build, type InlineConfig } from 'vite';

/**
 * Builds as `npm run build` does. Vitest says in the environment that it is a test, and vite then makes a build for
 * development, which is larger.
 */
export async function buildAsShipped(config: InlineConfig): Promise<void> {
  const { NODE_ENV } = process.env;
  process.env.NODE_ENV = 'production';
  try {
    await build(config);
  } finally {
    if (NODE_ENV === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = NODE_ENV;
  }
}
