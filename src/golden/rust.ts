import { arrayRows } from '../base/hex.js';
import { exportRust } from '../export/rust.js';
import { formatId, type Protocol } from '../schema/index.js';
import type { Fixture } from './fixture.js';
import { hasPayload } from './identifier.js';

/** One `no_std` module without dependencies: the packed structs, and a table of all fixtures. */
export function goldenRust(protocol: Protocol, fixtures: readonly Fixture[]): string {
  return [
    exportRust(protocol),
    '/// A byte fixture.',
    'pub struct Golden {',
    "    pub name: &'static str,",
    '    pub id: u32,',
    '    /// Error with which the manager refuses it.',
    "    pub refused: Option<&'static str>,",
    "    /// Payload, a reply's error word included; empty when it has none or is above 1024 bytes.",
    "    pub payload: &'static [u8],",
    '    pub payload_size: usize,',
    '    /// Queue messages.',
    "    pub frames: &'static [&'static [u8]],",
    '}',
    '',
    'pub static GOLDEN: &[Golden] = &[',
    ...fixtures.flatMap(entry),
    '];',
    '',
  ].join('\n');
}

function entry(fixture: Fixture): string[] {
  const { name, part, refused, payload, frames } = fixture;
  return [
    '    Golden {',
    `        name: "${name}",`,
    `        id: ${formatId(part.message.id)},`,
    `        refused: ${refused === undefined ? 'None' : `Some("${refused}")`},`,
    ...(hasPayload(fixture)
      ? ['        payload: &[', ...arrayRows(payload, '            '), '        ],']
      : ['        payload: &[],']),
    `        payload_size: ${payload.length},`,
    '        frames: &[',
    ...frames.flatMap((frame) => [
      '            &[',
      ...arrayRows(frame, '                '),
      '            ],',
    ]),
    '        ],',
    '    },',
  ];
}
