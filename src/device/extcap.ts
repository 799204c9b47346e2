import { kernels } from './kernels.js';
import { METHODS } from './methods.js';

/** An interface of Wireshark that this program offers by the extcap protocol (Wireshark's doc/extcap.adoc). */
export interface ExtcapInterface {
  readonly name: string;
  readonly display: string;
  readonly kind: 'adb' | 'ssh' | 'socket';
}

export const extcapInterfaces: readonly ExtcapInterface[] = [
  { name: 'gunyah_rm_adb', display: 'Gunyah RM (adb)', kind: 'adb' },
  { name: 'gunyah_rm_socket', display: 'Gunyah RM (socket)', kind: 'socket' },
  { name: 'gunyah_rm_ssh', display: 'Gunyah RM (trace_pipe by ssh)', kind: 'ssh' },
];

/** The control of the toolbar that shows what the script on the device says. */
const LOG_CONTROL = 0;
/** Commands of the toolbar's protocol. */
const COMMAND_ADD = 3;

/** Answers `--extcap-interfaces`: the interfaces, and their toolbar with a log. */
export function extcapInterfaceText(version: string): string {
  return [
    `extcap {version=${version}}{display=Gunyah RM}`,
    ...extcapInterfaces.map(({ name, display }) => `interface {value=${name}}{display=${display}}`),
    `control {number=${LOG_CONTROL}}{type=button}{role=logger}{display=Log}{tooltip=What the device says}`,
    '',
  ].join('\n');
}

/** Answers `--extcap-dlts`. */
export function extcapLinkText(): string {
  return 'dlt {number=252}{name=WIRESHARK_UPPER_PDU}{display=Gunyah RM messages}\n';
}

/** Answers `--extcap-config`: the options of an interface. They are options of `capture`. */
export function extcapConfigText({ kind }: ExtcapInterface): string {
  const socket = 'The socket of serve --tap-socket';
  const lines =
    kind === 'socket'
      ? [
          `{call=--tap-socket}{display=Socket}{type=fileselect}{mustexist=true}{required=true}{tooltip=${socket}}`,
        ]
      : [
          ...(kind === 'ssh'
            ? [
                '{call=--host}{display=Host}{type=string}{required=true}{tooltip=As ssh takes it; without password}',
              ]
            : []),
          '{call=--kernel}{display=Kernel}{type=selector}{tooltip=Which kernel the device runs}',
          '{call=--method}{display=Method}{type=selector}{tooltip=How it is recorded}',
          '{call=--duration}{display=Seconds}{type=unsigned}{tooltip=Stop after this time}',
          '{call=--filter-capid}{display=Capability ID}{type=string}{tooltip=Only this queue, such as 0x4d1b8e2c00000061}',
          '{call=--all-queues}{display=All queues}{type=boolflag}{default=false}{tooltip=Messages of other queues too}',
        ];
  const choices: Readonly<Record<string, readonly string[]>> = {
    kernel: kernels.map(({ name }) => name),
    method: METHODS,
  };
  const text = lines.flatMap((line, number) => {
    const values = choices[/^\{call=--(\w+)\}/.exec(line)?.[1] ?? ''] ?? [];
    return [
      `arg {number=${number}}${line}`,
      ...(values.length > 0 ? [`value {arg=${number}}{value=}{display=find out}{default=true}`] : []),
      ...values.map((value) => `value {arg=${number}}{value=${value}}{display=${value}}{default=false}`),
    ];
  });
  return [...text, ''].join('\n');
}

/** A line for the log of the toolbar: 'T', three bytes of length, control, command, text. */
export function extcapLogMessage(line: string): Uint8Array {
  const text = new TextEncoder().encode(`${line}\n`);
  const size = text.length + 2;
  return Uint8Array.of(0x54, size >> 16, size >> 8, size, LOG_CONTROL, COMMAND_ADD, ...text);
}
