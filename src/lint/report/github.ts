import type { Level } from '../rule.js';
import { lineOf, placeText, type Report, sentenceOf } from './report.js';

const commands: Readonly<Record<Level, string>> = {
  fatal: 'error',
  corrupts: 'error',
  leaks: 'warning',
  hangs: 'warning',
  suspicious: 'notice',
};

/** Workflow commands of GitHub Actions, which become annotations of files. */
export function githubReport(): Report {
  return {
    finding(file, finding, output) {
      const { rule, place } = finding;
      const line = lineOf(place);
      const where = [`file=${property(file)}`, ...(line === undefined ? [] : [`line=${line}`])].join(',');
      const text = data(`${placeText(place)}: ${sentenceOf(finding)}`);
      output.write(`::${commands[rule.level]} ${where},title=${property(rule.id)}::${text}\n`);
    },
  };
}

/** Line ends and percent signs end or change a command. */
function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
