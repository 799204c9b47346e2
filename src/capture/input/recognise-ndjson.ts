import { encodeText } from '../../base/text.js';
import { type Recogniser, textDetector } from '../hex/index.js';
import { isLineKey } from '../keys/index.js';

/** A list in braces of C begins with a number. */
const OBJECT = /^\s*\{\s*["}a-z_]/i;

/** Recognises lines as `decode --json` prints them, and not the objects of other programs that hold messages. */
export function recogniseNdjson(): Recogniser {
  let isOther = false;
  return {
    line: (line) => {
      if (!OBJECT.test(line)) return isOther ? 'later' : 'no';
      const object = parsed(line);
      if (holdsMessage(otherPart(object))) return 'no';
      const keys = Object.keys(object);
      // A key that is written wrongly has others beside it.
      if (keys.length === 0 || keys.some(isLineKey)) return 'yes';
      isOther = true;
      return 'later';
    },
    end: () => isOther && 'perhaps',
  };
}

/** The object of a line, an empty one for what is none. */
function parsed(line: string): object {
  try {
    return JSON.parse(line) as object;
  } catch {
    return {};
  }
}

/**
 * The keys that lines of `decode --json` do not have, with their values. Such a line has one of three keys that name the
 * message, and its `payload` is an object. Other programs call bytes `payload` or `raw`.
 */
function otherPart(object: object): object {
  const isNamed = ['name', 'id', 'type'].some((key) => key in object);
  const entries = Object.entries(object);
  return Object.fromEntries(
    entries.filter(
      ([key, value]) => !isNamed || !isLineKey(key) || (key === 'payload' && typeof value === 'string'),
    ),
  );
}

/** Whether the text of an object shows a form in which people have messages. */
function holdsMessage(object: object): boolean {
  const detector = textDetector();
  try {
    detector.push(encodeText(JSON.stringify(object)));
    detector.end();
  } catch {
    return false;
  }
  return detector.isSure;
}
