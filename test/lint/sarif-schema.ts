/**
 * JSON Schema of the part of SARIF 2.1.0 that reports of `lint` use, written from the OASIS standard of March 2020. The
 * numbers are its sections. Unlike the schema that comes with the standard, it refuses what the reports do not use.
 */

const object = (required: readonly string[], properties: object) => ({
  type: 'object',
  required,
  properties,
  additionalProperties: false,
});

const text = { type: 'string', minLength: 1 };
/** An index into an array, or -1 for none. */
const index = { type: 'integer', minimum: -1 };
/** 3.27.10 */
const level = { enum: ['none', 'note', 'warning', 'error'] };
/** 3.8: any keys. */
const propertyBag = { type: 'object', additionalProperties: true };
/** 3.11: at least one of `text` and `id`; here always the first. */
const message = object(['text'], { text });
/** 3.4: a relative or absolute URI reference. */
const artifactLocation = object(['uri'], { uri: { type: 'string', format: 'uri-reference' } });
/** 3.30: lines count from 1. */
const region = object(['startLine'], { startLine: { type: 'integer', minimum: 1 } });

/** 3.28, with 3.29 and 3.33. */
const location = object([], {
  physicalLocation: object(['artifactLocation'], { artifactLocation, region }),
  logicalLocations: { type: 'array', items: object(['name'], { name: text, kind: text }) },
});

/** 3.27 */
const result = object(['message'], {
  ruleId: text,
  ruleIndex: index,
  level,
  message,
  locations: { type: 'array', items: location },
  properties: propertyBag,
});

/** 3.49, with 3.50. The texts are multiformat messages (3.12). */
const reportingDescriptor = object(['id'], {
  id: text,
  shortDescription: message,
  help: message,
  defaultConfiguration: object([], { level }),
  properties: propertyBag,
});

/** 3.18 and 3.19. */
const tool = object(['driver'], {
  driver: object(['name'], {
    name: text,
    version: text,
    rules: { type: 'array', uniqueItems: true, items: reportingDescriptor },
  }),
});

/** 3.14 */
const run = object(['tool'], {
  tool,
  columnKind: { enum: ['utf16CodeUnits', 'unicodeCodePoints'] },
  results: { type: 'array', items: result },
});

/** 3.13 */
export const sarifLog = object(['version', 'runs'], {
  version: { const: '2.1.0' },
  runs: { type: 'array', items: run },
});
