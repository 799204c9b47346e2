import { inputFormats } from '../capture/input/index.js';

/** All formats of inputs, each with its name, what it is, and an example indented by four columns. */
export function formatsText(): string {
  return inputFormats
    .map(({ name, summary, example }) => `${name}\n  ${summary}\n\n${indented(example)}\n`)
    .join('\n');
}

function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
}
