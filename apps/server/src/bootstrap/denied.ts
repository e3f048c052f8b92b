/** Thrown out of a decision, so that nothing of it is kept: a device is given nothing, and is told the code. */
export class Denied extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}
