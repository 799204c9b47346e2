/** Waits until a command that runs on is stopped or has failed. */
export class Stop {
  readonly awaited: Promise<void>;
  end!: () => void;
  fail!: (error: unknown) => void;

  constructor() {
    this.awaited = new Promise((done, failed) => {
      this.end = done;
      this.fail = failed;
    });
    // It may fail before `awaited` is awaited. That must not be an unhandled rejection.
    this.awaited.catch(() => {});
  }
}
