import fc from 'fast-check';

/** Values that fit no field, or only some: wrong kinds, out of range, too large, not integers. */
const misfits: readonly unknown[] = [
  null,
  undefined,
  true,
  '',
  '5',
  -1,
  1.5,
  256,
  2 ** 16,
  2 ** 24,
  2 ** 31,
  2 ** 32,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  -1n,
  5n,
  2n ** 64n,
  Symbol('misfit'),
  [],
  [undefined],
  {},
  { extra: 1 },
  new Uint8Array(0),
  new Uint8Array(300),
  new Date(0),
  () => 0,
];

type Container = Record<string | number, unknown>;

/** Everything inside a value, itself included, as the key of an object around it. */
function placesOf(root: Container): [Container, string | number][] {
  const places: [Container, string | number][] = [];
  const visit = (container: Container, key: string | number) => {
    places.push([container, key]);
    const value = container[key];
    if (Array.isArray(value)) value.forEach((_, index) => void visit(value as unknown as Container, index));
    else if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) {
      for (const name of Object.keys(value)) visit(value as Container, name);
    }
  };
  visit(root, 'value');
  return places;
}

const wreck: readonly ((container: Container, key: string | number, misfit: unknown) => void)[] = [
  (container, key, misfit) => {
    container[key] = misfit;
  },
  (container, key) => {
    delete container[key];
  },
  (container, key, misfit) => {
    const value = container[key];
    if (typeof value === 'object' && value !== null) (value as Container).no_such_field = misfit;
    else container.no_such_field = misfit;
  },
  // An array that has all the keys of a struct is still none.
  (container, key) => {
    container[key] = Object.assign([], container[key]);
  },
  (container, key) => {
    const value = container[key];
    if (typeof value === 'number') container[key] = value + 1;
    else if (value instanceof Uint8Array) container[key] = value.slice(1);
    else container[key] = [value];
  },
];

/** The value with one thing in it changed, mostly for the worse; what was given stays as it is. */
export function broken(values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const choices = fc.record({
    value: values,
    place: fc.nat(),
    how: fc.nat({ max: wreck.length - 1 }),
    misfit: fc.constantFrom(...misfits),
  });
  return choices.map(({ value, place, how, misfit }) => {
    const root: Container = { value: structuredClone(value) };
    const places = placesOf(root);
    const [container, key] = places[place % places.length] as [Container, string];
    wreck[how]?.(container, key, misfit);
    return root.value;
  });
}
