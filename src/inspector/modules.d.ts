/** Modules that the build makes; see vite.config.ts. */
declare module 'virtual:built-functions' {
  const functions: Readonly<Record<string, (...helpers: readonly unknown[]) => unknown>>;
  export default functions;
}

declare module '*?worker&inline' {
  const InlineWorker: new () => Worker;
  export default InlineWorker;
}

declare module '*.css' {}
