/**
 * Whether a schema accepts all that an earlier one accepts: BACKWARD compatibility, as schema registries call it. Consumers of the new
 * schema read data of both. As in Glue's registry, an optional field more is compatible, although an open schema let any value through.
 * @see https://docs.aws.amazon.com/glue/latest/dg/schema-registry.html
 */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly items?: Schema;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minProperties?: number;
  readonly definitions?: Readonly<Record<string, Schema>>;
}

/** Keywords that say what is accepted, and that this file compares. Others may change freely, or are an error. */
const COMPARED = new Set([
  ...['$ref', 'type', 'anyOf', 'properties', 'required', 'additionalProperties', 'items', 'pattern', 'minimum'],
  ...['maximum', 'minProperties', 'definitions'],
]);
const FREE = /^(\$schema|\$id|title|description|x-.+)$/;

/** The forms that a schema allows, each without a choice. */
function formsOf(schema: Schema, definitions: Schema['definitions']): Schema[] {
  const unknown = Object.keys(schema).find((keyword) => !COMPARED.has(keyword) && !FREE.test(keyword));
  if (unknown !== undefined) throw new Error(`keyword ${unknown} must be one of ${[...COMPARED].join(', ')}`);
  if (schema.$ref !== undefined) {
    const name = schema.$ref.replace('#/definitions/', '');
    const found = definitions?.[name];
    if (!found) throw new Error(`$ref must name a definition, got '${schema.$ref}'`);
    return formsOf(found, definitions);
  }
  const { anyOf, ...base } = schema;
  if (anyOf) return anyOf.flatMap((each) => formsOf(each, definitions)).map((form) => both(base, form));
  if (Array.isArray(schema.type)) return (schema.type as readonly string[]).map((type) => ({ ...schema, type }));
  return [schema];
}

const both = (base: Schema, form: Schema): Schema => ({
  ...base,
  ...form,
  ...(base.properties || form.properties ? { properties: { ...base.properties, ...form.properties } } : {}),
  ...(base.required || form.required ? { required: [...(base.required ?? []), ...(form.required ?? [])] } : {}),
});

/** @returns what the schema no longer accepts, a line each; none if it is compatible */
export function incompatibilities(released: Schema, present: Schema): string[] {
  function compare(before: Schema, after: Schema, path: string): string[] {
    const forms = formsOf(after, present.definitions);
    const lost = formsOf(before, released.definitions).flatMap((form) => {
      const reasons = forms.map((each) => compareForms(form, each, path));
      return reasons.reduce((fewest, each) => (each.length < fewest.length ? each : fewest));
    });
    return [...new Set(lost)];
  }

  function compareForms(before: Schema, after: Schema, path: string): string[] {
    const at = path === '' ? 'the record' : path;
    if (
      after.type !== undefined &&
      before.type !== after.type &&
      !(before.type === 'integer' && after.type === 'number')
    ) {
      return [`${at}: ${String(before.type ?? 'any type')} is no longer accepted, only ${String(after.type)}`];
    }
    const lost: string[] = [];
    const bound = (keyword: 'minimum' | 'maximum' | 'minProperties', narrower: (a: number, b: number) => boolean) => {
      const [was, is] = [before[keyword], after[keyword]];
      if (is !== undefined && (was === undefined || narrower(is, was))) {
        lost.push(`${at}: ${keyword} is ${is} now, was ${was ?? 'not limited'}`);
      }
    };
    bound('minimum', (is, was) => is > was);
    bound('maximum', (is, was) => is < was);
    bound('minProperties', (is, was) => is > was);
    // A pattern says nothing about null.
    if (after.pattern !== undefined && after.pattern !== before.pattern && before.type !== 'null')
      lost.push(`${at}: must match ${after.pattern} now`);
    if (after.items) lost.push(...compare(before.items ?? {}, after.items, `${path}[]`));
    const field = (name: string) => (path === '' ? name : `${path}.${name}`);
    for (const name of after.required ?? []) {
      if (!before.required?.includes(name)) lost.push(`${field(name)}: is required now`);
    }
    for (const [name, was] of Object.entries(before.properties ?? {})) {
      const is = after.properties?.[name];
      if (is) lost.push(...compare(was, is, field(name)));
      else if (after.additionalProperties === false) lost.push(`${field(name)}: is no longer accepted`);
    }
    if (after.additionalProperties === false && before.additionalProperties !== false) {
      lost.push(`${at}: fields that the schema does not name are no longer accepted`);
    }
    return lost;
  }

  return compare(released, present, '');
}
