import fc from 'fast-check';
import {
  elementSpans,
  lineSpans,
  propertySpan,
  recordValueSpans,
  valueSpan,
} from '../../../../lambda/ingest/json-spans';

/** JSON text of a value, with whitespace and escapes wherever a client may write them. */
function render(value: unknown, seed: number): string {
  let state = seed | 1;
  const next = (below: number) => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    return (state >>> 8) % below;
  };
  const space = () => ['', '', ' ', '\n', '\t ', '\r\n'][next(6)];
  const text = (raw: string) =>
    next(3) > 0
      ? JSON.stringify(raw)
      : `"${[...raw].map((char) => [...Array(char.length).keys()].map((i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')).join('')}"`;
  const write = (each: unknown): string => {
    if (typeof each === 'string') return text(each);
    if (Array.isArray(each)) return `[${space()}${each.map((item) => write(item) + space()).join(`,${space()}`)}]`;
    if (each !== null && typeof each === 'object') {
      const pairs = Object.entries(each).map(
        ([key, item]) => `${text(key)}${space()}:${space()}${write(item)}${space()}`,
      );
      return `{${space()}${pairs.join(`,${space()}`)}}`;
    }
    return JSON.stringify(each);
  };
  return space() + write(value) + space();
}

const tricky = fc.oneof(fc.string(), fc.constantFrom('\\', '"', '\\"', '[{', '}],', 'a\\\\', '\u2028'));

function keysOf(value: unknown): string[] {
  if (value === null || typeof value !== 'object') return [];
  return [...(Array.isArray(value) ? [] : Object.keys(value)), ...Object.values(value).flatMap(keysOf)];
}

/**
 * Names have no backslashes: after a name that ends in one, V8's own parser (13.6, Node 24) may confuse it with another
 * name that continues with an escape there, so that `{"a\\n":2}` has a property `a\\` once `{"a\\\\":2}` was parsed.
 * Such names cannot be compared.
 */
const anyJson = fc
  .oneof(fc.jsonValue(), tricky, fc.dictionary(tricky, tricky), fc.array(fc.array(tricky)))
  .filter((value) => !keysOf(value).some((key) => key.includes('\\')));

function depthOf(value: unknown): number {
  if (value === null || typeof value !== 'object') return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

test('a value spans its text, and its depth is counted', () => {
  fc.assert(
    fc.property(anyJson, fc.integer(), (value, seed) => {
      const text = render(value, seed);
      const { start, end, depth } = valueSpan(text);
      expect(text.slice(start, end)).toBe(text.trim());
      expect(depth).toBe(depthOf(JSON.parse(text)));
    }),
  );
});

test('the elements of an array are those of JSON.parse', () => {
  fc.assert(
    fc.property(fc.array(anyJson), fc.integer(), (values, seed) => {
      const text = render(values, seed);
      const found = elementSpans(text).map(({ start, end }) => JSON.parse(text.slice(start, end)) as unknown);
      expect(found).toEqual(JSON.parse(text));
    }),
  );
});

test('a property is found by its name in every notation', () => {
  const names = ['a', 'b', 'c\\', '"', 'd'];
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...names), anyJson), fc.integer(), (object, seed) => {
      const text = render(object, seed);
      for (const name of names) {
        const span = propertySpan(text, name);
        // As texts: JSON has no -0.
        const found = span && JSON.stringify(JSON.parse(text.slice(span.start, span.end)));
        expect(found).toBe(JSON.stringify(object[name]));
      }
    }),
  );
});

test('the last of several properties with one name counts, in every notation', () => {
  const text = '{"a":1,"\\u0061":[2],"b":{"a":3}}';
  const { start, end } = propertySpan(text, 'a')!;
  expect(text.slice(start, end)).toBe('[2]');
});

test('the values of REST proxy records are those of JSON.parse', () => {
  const element = fc.oneof(fc.record({ key: anyJson, value: anyJson }, { requiredKeys: [] }), anyJson);
  fc.assert(
    fc.property(fc.array(element), fc.integer(), (records, seed) => {
      const text = render({ note: '"records":[', records }, seed);
      const parsed = (JSON.parse(text) as { records: unknown[] }).records;
      const found = recordValueSpans(text).map((span) =>
        span ? (JSON.parse(text.slice(span.start, span.end)) as unknown) : undefined,
      );
      const expected = parsed.map((each) =>
        each !== null && typeof each === 'object' && !Array.isArray(each) && Object.hasOwn(each, 'value')
          ? (each as { value: unknown }).value
          : undefined,
      );
      expect(found).toEqual(expected);
    }),
  );
});

test('lines are found without blank lines and surrounding whitespace', () => {
  const text = '\r\n{"a":1}\r\n\n  {"b":"\\n"} \n{"c":3}';
  expect(lineSpans(text).map(({ start, end }) => text.slice(start, end))).toEqual([
    '{"a":1}',
    '{"b":"\\n"}',
    '{"c":3}',
  ]);
  expect(lineSpans(' \n ')).toEqual([]);
});

test('every text is processed to its end, JSON or not', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(fc.constantFrom(...'{}[]",:\\ a')).map((all) => all.join('')),
      ),
      (text) => {
        for (const find of [valueSpan, elementSpans, lineSpans]) expect(find(text)).toBeDefined();
      },
    ),
    { numRuns: 500 },
  );
});
