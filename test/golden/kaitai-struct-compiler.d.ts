declare module 'kaitai-struct-compiler' {
  const compiler: {
    compile(
      language: string,
      ksy: unknown,
      importer: null,
      debug: boolean,
    ): Promise<Readonly<Record<string, string>>>;
  };
  export default compiler;
}
