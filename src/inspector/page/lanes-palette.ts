/** The colours of the style sheet, by name. */
export type Palette = Readonly<Record<PaletteName, string>>;
const paletteNames = [
  'text',
  'faint',
  'line',
  'panel',
  'accent',
  'good',
  'bad',
  'warn',
  'slice',
  'chosen',
] as const;
type PaletteName = (typeof paletteNames)[number];

/** The present colours of the style sheet. */
export function paletteOf(element: HTMLElement): Palette {
  const probe = document.createElement('span');
  element.parentElement?.append(probe);
  const colours = paletteNames.map((name) => {
    probe.style.color = `var(--${name})`;
    return [name, getComputedStyle(probe).color];
  });
  probe.remove();
  return Object.fromEntries(colours) as Record<PaletteName, string>;
}
