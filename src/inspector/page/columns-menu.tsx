import { type Column, type TimeMode, timeModes } from './columns.js';
import { Menu } from './menu.js';

interface ColumnsMenuProps {
  readonly columns: readonly Column[];
  readonly shown: ReadonlySet<string>;
  readonly timeMode: TimeMode;
  setShown(names: readonly string[] | null): void;
  setTimeMode(mode: TimeMode): void;
}

/** The menu for the columns of the table and the notation of its times. */
export function ColumnsMenu({ columns, shown, timeMode, setShown, setTimeMode }: ColumnsMenuProps) {
  const toggle = (name: string) =>
    setShown(columns.map((column) => column.name).filter((own) => (own === name) !== shown.has(own)));
  return (
    <Menu label="Columns">
      <fieldset class="columns">
        <legend>Shown</legend>
        {columns.map(({ name, label, doc }) => (
          <label key={name} title={doc}>
            <input type="checkbox" checked={shown.has(name)} onChange={() => toggle(name)} />
            {label}
          </label>
        ))}
      </fieldset>
      <fieldset>
        <legend>Time</legend>
        {timeModes.map(({ mode, label }) => (
          <label key={mode}>
            <input
              type="radio"
              name="time-mode"
              checked={mode === timeMode}
              onChange={() => setTimeMode(mode)}
            />
            {label}
          </label>
        ))}
        <button type="button" onClick={() => setShown(null)}>
          Usual columns
        </button>
      </fieldset>
    </Menu>
  );
}
