import { columns, type TimeMode, timeModes } from './columns.js';

interface ColumnsMenuProps {
  readonly shown: ReadonlySet<string>;
  readonly timeMode: TimeMode;
  setShown(keys: readonly string[]): void;
  setTimeMode(mode: TimeMode): void;
}

/** The menu for the columns of the table and the notation of its times. */
export function ColumnsMenu({ shown, timeMode, setShown, setTimeMode }: ColumnsMenuProps) {
  const toggle = (key: string) =>
    setShown(columns.map((column) => column.key).filter((own) => (own === key) !== shown.has(own)));
  return (
    <details class="menu">
      <summary>Columns</summary>
      <div class="menu-body">
        <fieldset>
          <legend>Shown</legend>
          {columns.map(({ key, label }) => (
            <label key={key}>
              <input type="checkbox" checked={shown.has(key)} onChange={() => toggle(key)} />
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
        </fieldset>
      </div>
    </details>
  );
}
